"""A browser whose person has just proved who they are, as the console wants it for money and rights."""

from types import SimpleNamespace

from allauth.account.internal.flows.login import record_authentication
from django.test import Client

from accounts.models import User


def proved(client: Client) -> Client:
    """Leave the session as the page leaves it that asks for a password once more, and that counts how often it does."""
    session = client.session
    request = SimpleNamespace(session=session, COOKIES={})
    user = User.objects.get(pk=session["_auth_user_id"])
    record_authentication(request, user, method="password", reauthenticated=True)
    session.save()
    return client
