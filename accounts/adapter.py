"""What happens at sign-up: a person gets a workspace of their own."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User, Workspace


class AccountAdapter(DefaultAccountAdapter):
    def save_user(
        self, request: HttpRequest, user: AbstractBaseUser, form: Any, commit: bool = True
    ) -> AbstractBaseUser:
        with transaction.atomic():
            saved = super().save_user(request, user, form, commit=commit)
            if commit and isinstance(saved, User):
                saved.language = get_language() or ""
                saved.save(update_fields=["language"])
                name = saved.email.split("@", 1)[0]
                Workspace.start(_("%(name)s's workspace") % {"name": name}, owner=saved, slug="")
        return saved
