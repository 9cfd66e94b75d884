"""What words mean: industries, places, sizes and plain text handling. No Django, no network."""
