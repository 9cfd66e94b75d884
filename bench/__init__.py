"""Performance and quality, measured against a named peer in the same run."""
