"""The outside world: services, language models, and how the web is read."""

from django.core.exceptions import ImproperlyConfigured

from config.settings.environment import VERSION, env, secret, text


def route(pair: str) -> tuple[str, tuple[str, int]]:
    """Return `host=address:port` taken apart. Raises ImproperlyConfigured, naming the pair that is none."""
    host, _, place = pair.strip().partition("=")
    address, _, port = place.rpartition(":")
    if not host or not address or not port.isdigit():
        raise ImproperlyConfigured(f"EGRESS_ROUTES: {pair!r} is not host=address:port, such as .test=10.0.0.5:8080.")
    return host.lower(), (address.strip("[]"), int(port))


def pace(name: str, *, requests: int, tokens: int, at_once: int) -> dict[str, int]:
    """Return how fast one key of a provider may be used: requests and tokens a minute, calls at once; 0: no limit."""
    return {
        "requests": env.int(f"{name}_REQUESTS_PER_MINUTE", default=requests),
        "tokens": env.int(f"{name}_TOKENS_PER_MINUTE", default=tokens),
        "at_once": env.int(f"{name}_CALLS_AT_ONCE", default=at_once),
    }


PROVIDERS: dict[str, dict[str, str]] = {
    "kimi": {
        "api_key": secret("KIMI_API_KEY"),
        "base_url": text("KIMI_BASE_URL", "https://api.moonshot.ai/v1"),
        "model": text("KIMI_MODEL", "kimi-k2.6"),
    },
    "moonshot": {
        "api_key": secret("MOONSHOT_API_KEY"),
        "base_url": text("MOONSHOT_BASE_URL", "https://api.moonshot.ai/v1"),
        "model": text("MOONSHOT_MODEL", "moonshot-v1-128k"),
    },
    "openai": {
        "api_key": secret("OPENAI_API_KEY"),
        "base_url": text("OPENAI_BASE_URL", "https://api.openai.com/v1"),
        "model": text("OPENAI_MODEL", "gpt-4.1-mini"),
    },
    # Any server that speaks OpenAI's protocol: Ollama, llama.cpp, vLLM. It is asked where it has an address.
    "local_server": {
        "api_key": secret("LOCAL_LLM_API_KEY"),
        "base_url": text("LOCAL_LLM_BASE_URL"),
        "model": text("LOCAL_LLM_MODEL", "local"),
    },
    "exa": {"api_key": secret("EXA_API_KEY"), "base_url": text("EXA_BASE_URL", "https://api.exa.ai")},
    "slack": {"base_url": text("SLACK_BASE_URL", "https://hooks.slack.com")},
    "sandbox": {"base_url": text("SANDBOX_BASE_URL")},
}
LANGUAGE_MODEL_ORDER = env.list("LANGUAGE_MODEL_ORDER", default=["kimi", "moonshot", "openai", "local_server", "local"])
# How fast one key may be used, by all workers together: what a new paying account has. A workspace can say otherwise
# for a key of its own. https://platform.kimi.ai/docs/pricing/limits https://platform.openai.com/docs/guides/rate-limits
LANGUAGE_MODEL_LIMITS = {
    "kimi": pace("KIMI", requests=200, tokens=2_000_000, at_once=50),
    "moonshot": pace("MOONSHOT", requests=200, tokens=2_000_000, at_once=50),
    "openai": pace("OPENAI", requests=500, tokens=200_000, at_once=0),
    "local_server": pace("LOCAL_LLM", requests=0, tokens=0, at_once=4),
}
# How long a call waits at most for its turn. With what the call itself takes it fits into STAGE_DEADLINE_SECONDS.
LANGUAGE_MODEL_WAIT_SECONDS = env.int("LANGUAGE_MODEL_WAIT_SECONDS", default=45)

# --- reading the web ------------------------------------------------------------------------------

CRAWLER_CONTACT_URL = text("CRAWLER_CONTACT_URL", "http://localhost:8000/about/crawler")
CRAWLER_USER_AGENT = f"MagnetHunter/{VERSION} (+{CRAWLER_CONTACT_URL})"
# Hosts (or, with a leading dot, all hosts below) that the crawler finds at an address of the operator's own.
EGRESS_ROUTES = dict(route(pair) for pair in env.list("EGRESS_ROUTES", default=[]) if pair.strip())
BROWSER_EXECUTABLE = text("BROWSER_EXECUTABLE")
BROWSER_WS_ENDPOINT = text("BROWSER_WS_ENDPOINT")
BROWSER_PROXY_URL = text("BROWSER_PROXY_URL")
PAGE_TTL_DAYS = env.int("PAGE_TTL_DAYS", default=7)
PAGE_KEEP_DAYS = env.int("PAGE_KEEP_DAYS", default=180)
PAGES_PER_SITE = env.int("PAGES_PER_SITE", default=5)
# How long a site waits for a reader of ours that died before another one asks it anything.
SITE_TURN_SECONDS = env.float("SITE_TURN_SECONDS", default=60)
