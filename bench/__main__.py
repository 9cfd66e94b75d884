"""`make bench`: run every benchmark, then print the scoreboard.

A benchmark is a module of this package (a package in it is what one is made of). Its last line of output is one JSON
object, or a list of them:
`{"name", "ours", "peer", "peer_name", "unit", "ratio", "target", "met"}`.
"""

import json
import pkgutil
import subprocess
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

import bench


def main() -> int:
    console = Console()
    lines: list[dict[str, Any]] = []
    broken: list[str] = []
    modules = [found.name for found in pkgutil.iter_modules(bench.__path__) if not found.ispkg]
    for module in sorted(set(modules) - {"__main__"}):
        console.rule(module)
        done = subprocess.run([sys.executable, "-m", f"bench.{module}"], stdout=subprocess.PIPE, text=True, check=False)
        *shown, last = done.stdout.rstrip().split("\n")
        print("\n".join(shown))
        if done.returncode:
            broken.append(module)
        else:
            measured = json.loads(last)
            lines += measured if isinstance(measured, list) else [measured]
    console.rule("scoreboard")
    console.print(scoreboard(lines))
    if broken:
        console.print(f"[red]Failed: {', '.join(broken)}[/red]")
    print(json.dumps(lines))
    return 1 if broken else 0


def scoreboard(lines: list[dict[str, Any]]) -> Table:
    table = Table("what", "ours", "peer", "ratio", "target", "met", box=None)
    for line in lines:
        peer = f"{line['peer']:g} ({line['peer_name']})" if line["peer"] is not None else line["peer_name"]
        ratio = f"{line['ratio']:.2f}" if line["ratio"] is not None else "–"
        met = "[green]yes[/green]" if line["met"] else "[red]no[/red]"
        table.add_row(line["name"], f"{line['ours']:g} {line['unit']}", peer, ratio, str(line["target"]), met)
    return table


if __name__ == "__main__":
    sys.exit(main())
