"""Speed and size: `make bench`."""
