"""The proof: every kind comes back byte for byte, and verify names every field of every kind that was changed."""
