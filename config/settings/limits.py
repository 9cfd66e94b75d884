"""What people and workspaces may have, do and spend, and how long things are kept. 0: no limit."""

from config.settings.environment import amount, env

# How many requests to the API one token, and one session, may send in a minute; 0: no limit.
API_TOKEN_REQUESTS_A_MINUTE = env.int("API_TOKEN_REQUESTS_A_MINUTE", default=300)
API_SESSION_REQUESTS_A_MINUTE = env.int("API_SESSION_REQUESTS_A_MINUTE", default=600)
# What a workspace may have, and how often each of its people may do what costs us; 0: no limit. See accounts/quotas.py.
QUOTAS = {
    "runs": env.int("LIMIT_RUNS_AT_ONCE", default=25),
    "hunts": env.int("LIMIT_HUNTS", default=2_000),
    "presets": env.int("LIMIT_PRESETS", default=500),
    "schedules": env.int("LIMIT_SCHEDULES", default=100),
    "people": env.int("LIMIT_PEOPLE", default=200),
    "tokens": env.int("LIMIT_API_TOKENS", default=100),
    "lists": env.int("LIMIT_LISTS", default=200),
    "companies": env.int("LIMIT_LIST_COMPANIES", default=2_000_000),
    "messages": env.int("LIMIT_MESSAGES_A_MINUTE", default=30),
    "estimates": env.int("LIMIT_ESTIMATES_AN_HOUR", default=1_000),
    "trials": env.int("LIMIT_TRIALS_AN_HOUR", default=60),
    "exports": env.int("LIMIT_EXPORTS_AN_HOUR", default=60),
    "retries": env.int("LIMIT_RETRIES_AN_HOUR", default=120),
    "invitations": env.int("LIMIT_INVITATIONS_AN_HOUR", default=30),
}

# --- money ---------------------------------------------------------------------------------------

# What one conversation may spend on a language model before rules answer instead.
CHAT_MAX_SPEND_MICROUSD = round(env.float("CHAT_MAX_SPEND", default=0.5) * 1_000_000)
# What the whole installation may spend in a calendar month (UTC), whoever asks for it; None for no limit.
MONTHLY_SPENDING_LIMIT_MICROUSD = amount("MONTHLY_SPENDING_LIMIT")
# When a hold whose call nobody knows the fate of is counted as spent. Vendors' bills show a call within a day or two.
RECONCILE_AFTER_HOURS = env.int("RECONCILE_AFTER_HOURS", default=72)
# What operators may give back in one workspace within a day without a second one who approves; 0: nothing.
_alone = amount("REFUND_ALONE")
REFUND_ALONE_MICROUSD = 50_000_000 if _alone is None else _alone

# --- how long things are kept ---------------------------------------------------------------------

TRACE_KEEP_DAYS = env.int("TRACE_KEEP_DAYS", default=90)
# How long entries of the audit log are kept; 0: for ever.
AUDIT_DAYS = env.int("AUDIT_DAYS", default=730)
# How long a browser that somebody logged in from is known after the last time.
KNOWN_BROWSER_DAYS = env.int("KNOWN_BROWSER_DAYS", default=365)
NOTIFICATION_READ_KEEP_DAYS = env.int("NOTIFICATION_READ_KEEP_DAYS", default=90)
NOTIFICATION_KEEP_DAYS = env.int("NOTIFICATION_KEEP_DAYS", default=365)
