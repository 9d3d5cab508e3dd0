"""Frozen pydantic models: documents, the stamp's own file, recoveries, findings. No input, no output."""
