"""How long an answer takes whose request shares connections to PostgreSQL, beside one that connects anew.

Two servers of one database, asked in turn by one signed-in person; the time is what passes until the answer is there.
Made on the server that BENCH_POSTGRES_URL names, in a database that is dropped again.
"""

import json
import os
import statistics
import subprocess
import sys

from bench.pages import ENVIRON, database
from bench.serving import ANEW, PATH, SHARED


def main() -> int:
    with database("postgresql") as url:
        environ = os.environ | ENVIRON | {"DATABASE_URL": url, "ALLOWED_HOSTS": "127.0.0.1"}
        command = [sys.executable, "-m", "bench.serving.asking"]
        done = subprocess.run(command, env=environ, stdout=subprocess.PIPE, text=True, check=True)
    took = json.loads(done.stdout.splitlines()[-1])
    for name, size in (("shared", SHARED), ("one each", ANEW)):
        print(f"{name}: {min(took[size]):.1f} ms at best, {statistics.median(took[size]):.1f} usually")
    shared, anew = (statistics.median(took[size]) for size in (SHARED, ANEW))
    line = {
        "name": f"GET {PATH} with shared connections to PostgreSQL",
        "ours": round(shared, 1),
        "peer": round(anew, 1),
        "peer_name": "one for each request",
        "unit": "ms",
        "ratio": round(shared / anew, 2),
        "target": "< 1 x",
        "met": shared < anew,
    }
    print(json.dumps(line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
