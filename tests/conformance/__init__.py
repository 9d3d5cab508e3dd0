"""The simulated stamp against recorded traffic of real ones: every request replayed, every answer compared."""
