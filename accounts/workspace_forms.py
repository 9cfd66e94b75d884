"""What people enter about workspaces and members."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.members import Refused
from accounts.models import Membership, User, Workspace
from accounts.roles import Role, roles_up_to
from accounts.workspaces import cleaned_name


class NameForm(forms.Form):
    """The name of a workspace."""

    name = forms.CharField(label=_("Name"), max_length=100)

    def clean_name(self) -> str:
        return cleaned_name(self.cleaned_data["name"])


class InviteForm(forms.Form):
    """Whom to invite, and as what: nothing above the role of who invites."""

    email = forms.EmailField(label=_("E-mail address"))
    role = forms.ChoiceField(label=_("Role"), initial=Role.MEMBER)

    def __init__(self, data: Any = None, *, inviter_role: str) -> None:
        super().__init__(data)
        self.fields["role"].choices = role_choices(inviter_role)  # type: ignore[attr-defined]

    def refuse(self, error: Refused) -> None:
        """Say beside the address why it was not invited."""
        self.add_error("email", str(error))


def role_choices(role: str) -> list[tuple[str, str]]:
    """Return the roles that somebody with `role` may give, each with its name, the lowest first."""
    return [(one.value, str(one.label)) for one in roles_up_to(role)]


def heirs(workspace: Workspace, owner: User) -> list[Membership]:
    """Return the members who could own the workspace in place of `owner`."""
    others = Membership.objects.filter(workspace=workspace, user__is_active=True).exclude(user=owner)
    return list(others.select_related("user").order_by("user__email"))
