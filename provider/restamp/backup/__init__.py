"""The infrastructure backup on its share: what is there, whether it can be recovered from, and copies of it."""
