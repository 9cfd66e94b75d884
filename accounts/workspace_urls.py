"""Where workspaces, their members and invitations are."""

from django.urls import path

from accounts import invitation_views, member_views, workspace_views

app_name = "workspaces"
urlpatterns = [
    path("workspaces/", workspace_views.mine, name="list"),
    path("workspaces/menu", workspace_views.menu, name="menu"),
    path("workspaces/<int:pk>/switch", workspace_views.switch, name="switch"),
    path("settings/workspace", workspace_views.settings, name="settings"),
    path("settings/members", member_views.members, name="members"),
    path("settings/members/invite", member_views.invite, name="invite"),
    path("settings/members/restore", member_views.put_back, name="put-back"),
    path("settings/members/leave", member_views.leave, name="leave"),
    path("settings/members/<int:pk>/role", member_views.change_role, name="change-role"),
    path("settings/members/<int:pk>/remove", member_views.remove, name="remove"),
    path("settings/members/owner", member_views.hand_over, name="hand-over"),
    path("settings/invitations/<int:pk>/<str:action>", member_views.change_invitation, name="change-invitation"),
    path("invitation", invitation_views.show, name="opened"),
    path("invitation/<int:pk>/accept", invitation_views.accept_waiting, name="accept"),
    path("invitation/<str:token>", invitation_views.open_link, name="invitation"),
]
