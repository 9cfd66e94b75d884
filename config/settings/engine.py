"""The engine: how much a worker does at once, for how long, and what it uses again."""

from config.settings.environment import env, text

WORKER_CONCURRENCY = env.int("WORKER_CONCURRENCY", default=32)
LEASE_SECONDS = env.int("LEASE_SECONDS", default=180)
STAGE_DEADLINE_SECONDS = env.int("STAGE_DEADLINE_SECONDS", default=120)
CANDIDATE_MAX_ATTEMPTS = env.int("CANDIDATE_MAX_ATTEMPTS", default=4)
# How long a worker that is told to go may take to end what is under way; then it hands it back.
WORKER_GRACE_SECONDS = env.int("WORKER_GRACE_SECONDS", default=20)
# The sweep adds no nudges to a queue that has so many messages.
QUEUE_MOST_MESSAGES = env.int("QUEUE_MOST_MESSAGES", default=1_000)
# `place:n` kills the process when it comes by that place for the n-th time; obeyed with DEBUG alone.
CRASH_AT = text("CRASH_AT")
# For so long a judgement of the same texts by the same criteria is used again.
VERDICT_TTL_DAYS = env.int("VERDICT_TTL_DAYS", default=14)
# Below this share of new companies (0 to 1) a hunt says before its start that its filters bring little that is new.
NOVELTY_THRESHOLD = env.float("NOVELTY_THRESHOLD", default=0.2)
