"""Serve the sandbox: `python -m integrations.sandbox [--host 127.0.0.1] [--port 8765]`."""

import argparse
import sys

from integrations.sandbox.server import DEFAULT_HOST, DEFAULT_PORT, NotLoopback, serve


def main() -> int:
    """Read the arguments and serve; 2 for an address that is not loopback, 1 where it cannot listen."""
    parser = argparse.ArgumentParser(prog="python -m integrations.sandbox", description="Serve the sandbox.")
    parser.add_argument("--host", default=DEFAULT_HOST)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    asked = parser.parse_args()
    try:
        serve(asked.host, asked.port)
    except NotLoopback as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(error.strerror or error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
