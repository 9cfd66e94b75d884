"""`python -m bench.briefs`: how well briefs are read, in a second."""

import json
import sys

from rich.console import Console

from bench import briefs
from bench.quality import DATA


def main() -> int:
    sentences = DATA / "icp_queries.jsonl"
    if not sentences.exists():
        print(f"Skipped: {sentences} is not there.", file=sys.stderr)
        print("[]")
        return 0
    measured = briefs.measure(sentences)
    Console().print(briefs.table(measured))
    print(json.dumps(briefs.scoreboard(measured)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
