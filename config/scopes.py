"""What each operation of the API needs of an API token. One that does not stand in SCOPES is refused to all of them."""

from accounts.token_models import Scope

# Anybody may ask, without a session or a token.
PUBLIC = frozenset({"health"})
# Nobody does this by a program: a person with a session, and no token.
PEOPLE_ONLY = frozenset({"delete_workspace", "restore_workspace", "hand_over_workspace"})

_READ = (
    *("list_hunts", "read_hunt", "list_runs", "estimate_run", "read_run", "preview_retry", "list_candidates"),
    *("read_log", "read_run_costs", "list_leads", "read_lead", "duplicates", "list_presets", "read_preset"),
    *("read_analytics", "list_notifications", "read_workspace", "list_members"),
    *("list_company_lists", "read_company_list"),
)
_WRITE = (
    *("create_hunt", "delete_hunt", "restore_hunt", "delete_run", "restore_run", "keep_apart", "suggest_again"),
    *("merge_lead", "unmerge_lead", "create_preset", "change_preset", "delete_preset", "clone_preset"),
    *("delete_schedule", "read_notification"),
    *("rename_company_list", "delete_company_list", "restore_company_list"),
)
# What spends, or stops what does; a schedule starts runs by itself.
_RUN = ("start_run", "retry_run", "raise_limit", "change_run", "run_preset", "put_schedule")
_ADMIN = (
    *("list_tokens", "create_token", "revoke_token", "rename_workspace", "change_member", "remove_member"),
    *("list_invitations", "invite_member", "send_invitation_again", "revoke_invitation"),
    *("look_up_person", "read_lookup", "export_person", "erase_person", "read_erasure"),
)

SCOPES: dict[str, Scope] = {
    **dict.fromkeys(_READ, Scope.READ),
    **dict.fromkeys(_WRITE, Scope.WRITE),
    **dict.fromkeys(_RUN, Scope.RUN),
    **dict.fromkeys(_ADMIN, Scope.ADMIN),
}
