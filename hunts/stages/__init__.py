"""The stages of a run, one file each.

A stage is `async def run(work, tools) -> Verdict`. It reads values, asks tools and answers; it never touches
the database. Rejection is an answer; only failure is an exception.
"""
