"""The infrastructure backup: what of a stamp goes to its share, in which form, and how it comes back."""
