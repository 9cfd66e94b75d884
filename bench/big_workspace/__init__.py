"""A workspace with as much in it as a company that hunts for years has: what the bench of pages walks through."""
