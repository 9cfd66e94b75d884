"""Database, cache and queue."""

from pathlib import Path
from typing import Any

from config.settings.environment import VAR_DIR, env, text

DATABASES = {"default": env.db_url_config(text("DATABASE_URL", f"sqlite:///{VAR_DIR / 'magnet.sqlite3'}"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE takes the write lock when a transaction begins, so that check-then-act cannot interleave;
    # WAL lets readers go on meanwhile.
    # Tests use a file too, so that their worker processes see the same rows.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(DATABASES["default"]["NAME"]).with_name("test.sqlite3"))}
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000",
    }
else:
    # Each request has a thread of its own: a connection that outlives its request is used by none, and stays open until
    # it is collected. Processes that serve pages give it back to others (config/pool.py).
    # https://docs.djangoproject.com/en/5.2/ref/databases/#persistent-database-connections
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    # A machine that is cut off in the middle of a transaction must not keep its rows locked, nor wait for ever.
    _idle = env.int("DB_IDLE_SECONDS", default=60)
    DATABASES["default"]["OPTIONS"] = DATABASES["default"].get("OPTIONS", {}) | {
        # No JIT: what a policy may cost at most looks to it like a big query, and compiling takes longer than most run.
        "options": f"-c idle_in_transaction_session_timeout={_idle}s -c jit=off",
        "connect_timeout": 10,
        "keepalives_idle": _idle,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": _idle * 1_000,
    }

# How many connections to PostgreSQL one process that serves pages keeps for its requests to share; 0: each has its own.
DB_POOL_SIZE = env.int("DB_POOL_SIZE", default=20)

# What the two roles of row-level security are called (…_tenant, …_system): a PostgreSQL server has one list of roles.
DATABASE_ROLE_PREFIX = text("DATABASE_ROLE_PREFIX", "magnet")

REDIS_URL = text("REDIS_URL")
# Installations that share one Redis keep their keys apart by this.
REDIS_PREFIX = text("REDIS_PREFIX", "magnet")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": REDIS_PREFIX,
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# --- the queue ------------------------------------------------------------------------------------

# A task is a nudge with a primary key: see hunts/tasks.py. `retry` stays far above `timeout`, one task is taken at a
# time and no more are queued in a process than it has workers, because django-q2's lease starts at prefetch.
Q_CLUSTER: dict[str, Any] = {
    "name": REDIS_PREFIX,
    "workers": env.int("Q_WORKERS", default=2),
    "queue_limit": env.int("Q_WORKERS", default=2),
    "bulk": 1,
    "timeout": 900,
    "retry": 1800,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    "poll": 0.2,
    "catch_up": False,
    "label": "Queue",
}
Q_CLUSTER |= {"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}
