"""The cast of a workspace: one person of each role, one from outside, one who was removed."""

from dataclasses import dataclass

from django.test import Client

from accounts.models import Membership, User, Workspace
from tests.factories import MembershipFactory, WorkspaceFactory

Role = Membership.Role


@dataclass(frozen=True)
class Cast:
    workspace: Workspace
    owner: User
    admin: User
    member: User
    viewer: User
    stranger: User
    removed: User

    def place(self, name: str) -> Membership:
        """Return the membership of somebody, such as `admin`."""
        return Membership.objects.get(workspace=self.workspace, user=getattr(self, name))

    def role(self, name: str) -> str | None:
        places = Membership.objects.filter(workspace=self.workspace, user=getattr(self, name))
        return places.values_list("role", flat=True).first()

    def client(self, name: str) -> Client:
        """Return a browser in which somebody is signed in, and in this workspace if it is theirs."""
        client = Client()
        client.force_login(getattr(self, name))
        session = client.session
        session["workspace"] = self.workspace.pk
        session.save()
        return client


def cast_of(workspace: Workspace | None = None) -> Cast:
    """Make a cast. The stranger and the removed one have workspaces of their own."""
    workspace = workspace or WorkspaceFactory(name="Acme")
    people = {role.value: MembershipFactory(workspace=workspace, role=role).user for role in Role}
    removed = MembershipFactory(workspace=workspace, role=Role.ADMIN)
    MembershipFactory(user=removed.user)
    removed.delete()
    return Cast(workspace, **people, stranger=MembershipFactory().user, removed=removed.user)
