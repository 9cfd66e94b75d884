"""Clients for the services that the operator configured."""

import httpx

from integrations.egress.policy import Policy
from integrations.egress.transport import guarded_client


def vendor_client(base_url: str) -> httpx.AsyncClient:
    """Return a client for one service. Its address comes from the operator's environment, so loopback is allowed.

    Only there: a redirect or another address that the service names is judged like anybody's.
    """
    url = httpx.URL(base_url)
    return guarded_client(Policy(trusted=frozenset({f"{url.scheme}://{url.netloc.decode('ascii')}"})))
