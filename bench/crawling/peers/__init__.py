"""Other people's crawlers, run by the Python of .venv-bench. Nothing here imports the project."""
