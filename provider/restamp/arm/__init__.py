"""The way to a stamp: signing in, requests, long-running operations, one limiter. The only code that imports azure."""
