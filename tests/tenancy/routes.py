"""What stands in the address of each page: a row of which kind, or one of a few words.

A route that is not here, or whose parameters are others, fails the tests. Whoever adds one says here which row of the
world (`planting.Tenant.rows`) each parameter names, and the walker then asks for the rows of another workspace there.
"""

# The name of a row in the world, or the words that may stand in the place.
Meaning = str | tuple[str, ...]

# Pages whose addresses name nothing: whose they are is said by who asks.
PLAIN = frozenset(
    {
        *("home", "set_language", "crawler", "security_txt", "favicon", "support_end"),
        *("limits", "privacy:page", "privacy:find", "privacy:retention"),
        *("person", "person_data", "delete_account", "analytics"),
        *("hunts:list", "hunts:new", "hunts:presets", "hunts:conversations", "hunts:deleted"),
        *("leads:list", "billing:spending", "billing:limits", "integrations:models", "audit:log"),
        *("tokens:list", "tokens:create", "closing:delete", "closing:restore"),
        *("company_lists:page", "company_lists:upload"),
        *("notification_settings:page", "notification_settings:save", "notification_settings:connect-slack"),
        *("notifications:inbox", "notifications:unread", "notifications:read-all", "notifications:undo-read-all"),
        *("workspaces:list", "workspaces:menu", "workspaces:settings", "workspaces:members", "workspaces:invite"),
        *("workspaces:put-back", "workspaces:leave", "workspaces:hand-over", "workspaces:opened"),
    }
)

_LEAD, _RUN, _HUNT, _LIST = ({"pk": row} for row in ("lead", "run", "hunt", "company_list"))
_PRESET, _TALK = ({"pk": row} for row in ("preset", "conversation"))
_LOOKUP: dict[str, Meaning] = {"pk": "lookup"}

NAMED: dict[str, dict[str, Meaning]] = {
    # Hunts and runs
    **dict.fromkeys(("hunts:detail", "hunts:run-again", "hunts:delete", "hunts:save-preset"), _HUNT),
    "hunts:restore": {"pk": "deleted_hunt"},
    "hunts:run": _RUN,
    "hunts:run-log": _RUN | {"kind": ("csv", "txt", "nonsense")},
    "hunts:retry-run": {"pk": "over_run"},
    "hunts:raise-limit": {"pk": "paused_run"},
    "hunts:delete-run": {"pk": "over_run"},
    "hunts:restore-run": {"pk": "deleted_run"},
    "hunts:change-run": _RUN | {"action": ("pause", "resume", "cancel", "nonsense")},
    # Conversations and profiles
    **dict.fromkeys(("hunts:chat", "hunts:say", "hunts:edit-profile", "hunts:start", "hunts:widen"), _TALK),
    **dict.fromkeys(("hunts:save-icp", "hunts:rename-chat", "hunts:delete-chat"), _TALK),
    "hunts:ask-again": _TALK | {"message_id": "message"},
    "hunts:delete-icp": {"pk": "saved_icp"},
    # Presets and schedules
    **dict.fromkeys(("hunts:edit-preset", "hunts:run-preset", "hunts:clone-preset", "hunts:delete-preset"), _PRESET),
    **dict.fromkeys(("hunts:open-preset", "hunts:schedule"), _PRESET),
    "hunts:restore-preset": {"pk": "deleted_preset"},
    "hunts:change-preset-profile": _PRESET | {"conversation_id": "conversation"},
    "hunts:change-schedule": _PRESET | {"action": ("pause", "resume", "delete", "restore", "nonsense")},
    # Company lists
    **dict.fromkeys(("company_lists:rename", "company_lists:delete", "company_lists:download"), _LIST),
    "company_lists:restore": {"pk": "deleted_list"},
    # Leads, their proof and their research
    "leads:export": {"kind": ("csv", "xlsx", "nonsense")},
    **dict.fromkeys(("leads:detail", "leads:costs", "leads:merge", "leads:merge_now", "leads:identity"), _LEAD),
    **dict.fromkeys(("leads:keep_apart", "leads:suggest_again"), _LEAD),
    "leads:unmerge": _LEAD | {"merge_pk": "merge"},
    "enrichment:evidence": _LEAD | {"evidence_pk": "evidence"},
    "enrichment:fact": _LEAD | {"fact_pk": "fact"},
    "enrichment:contact": _LEAD | {"contact_pk": "contact"},
    "enrichment:screenshot": _LEAD,
    **dict.fromkeys(("research:panel", "research:start"), _LEAD),
    "research:change": _LEAD | {"research_pk": "research", "action": ("cancel", "retry", "nonsense")},
    "research:citation": _LEAD | {"statement_pk": "statement"},
    # The workspace, its people and what it is connected to
    "workspaces:switch": {"pk": "workspace"},
    "workspaces:change-role": {"pk": "member_place"},
    "workspaces:remove": {"pk": "member_place"},
    "workspaces:change-invitation": {"pk": "invitation", "action": ("send", "revoke", "restore", "nonsense")},
    "workspaces:accept": {"pk": "invitation"},
    "workspaces:invitation": {"token": ("of-nothing",)},
    "tokens:revoke": {"pk": "token"},
    "end_session": {"pk": "session"},
    **dict.fromkeys(("privacy:lookup", "privacy:export", "privacy:erase", "privacy:let_back"), _LOOKUP),
    "privacy:again": {"pk": "failed_lookup"},
    "integrations:save-model": {"slug": ("openai", "nonsense")},
    "integrations:change-model": {"slug": ("openai",), "action": ("up", "on", "off", "forget", "nonsense")},
    "trials:try": {"slug": ("openai", "nonsense")},
    # What people are told
    "notification_settings:change-slack": {"action": ("forget", "nonsense")},
    "notification_settings:send-again": {"pk": "delivery"},
    "notifications:open": {"pk": "notification"},
    "notifications:mark": {"pk": "notification", "action": ("read", "unread", "nonsense")},
    "notifications:unsubscribe": {"token": ("of-nothing",)},
}

# What the parameters of the API's addresses name, and what else its queries and bodies have that names a row.
OF_API: dict[str, Meaning] = {
    "hunt_id": "hunt",
    "run_id": "run",
    "lead_id": "lead",
    "preset_id": "preset",
    "list_id": "company_list",
    "notification_id": "notification",
    "member_id": "member_place",
    "invitation_id": "invitation",
    "token_id": "token",
    "lookup_id": "lookup",
    "erasure_id": "erasure",
    "action": ("pause", "resume", "cancel"),
}
# Operations that ask for a row in another state.
OF_OPERATION: dict[str, dict[str, Meaning]] = {
    "restore_hunt": {"hunt_id": "deleted_hunt"},
    "restore_company_list": {"list_id": "deleted_list"},
    "restore_run": {"run_id": "deleted_run"},
    "delete_run": {"run_id": "over_run"},
    "retry_run": {"run_id": "over_run"},
    "preview_retry": {"run_id": "over_run"},
    "raise_limit": {"run_id": "paused_run"},
}

# Fields of forms, queries and bodies that name a row.
REFERENCES: dict[str, str] = {
    "workspace": "workspace",
    "workspace_id": "workspace",
    "hunt": "hunt",
    "hunt_id": "hunt",
    "run": "over_run",
    "icp": "saved_icp",
    "other": "other_lead",
    "candidate": "failed_candidate",
    "candidate_ids": "failed_candidate",
    "member": "member_place",
    "list": "company_list",
    "company_list": "company_list",
    "company_list_id": "company_list",
    "merge_id": "merge",
    "deleted": "deleted_preset",
    "revoked": "invitation",
    "before": "hunt",
    "after": "event",
    "person": "member_place",
    "budget": "budget",
    "preset": "preset",
    "schedule": "schedule",
    "lead": "lead",
    "user": "member_place",
    "owner": "member_place",
    "created_by": "member_place",
}
# Fields whose numbers name nothing.
NUMBERS = frozenset(
    {
        *("limit", "max_leads", "max_spend_microusd", "version", "weekday", "day", "cursor", "offset"),
        *("weight", "min", "max", "position"),
    }
)

# What is sent to a page that takes a form, so that the form is looked at; `@` stands before the name of a row.
FORMS: dict[str, dict[str, object]] = {
    "set_language": {"language": "en"},
    "hunts:new": {"brief": "Makers of parts in Austria"},
    "hunts:start": {"source": "directory", "limit": "10", "max_spend": "1", "action": "estimate"},
    "hunts:say": {"said": "Makers of parts in Austria"},
    "hunts:save-icp": {"name": "Mine"},
    "hunts:rename-chat": {"title": "Mine"},
    "hunts:save-preset": {"name": "Mine"},
    "hunts:raise-limit": {"max_spend": "9"},
    "company_lists:rename": {"name": "Mine"},
    "leads:merge_now": {"other": "@other_lead"},
    "leads:keep_apart": {"other": "@other_lead"},
    "leads:suggest_again": {"other": "@other_lead"},
    "workspaces:change-role": {"role": "admin"},
    "workspaces:hand-over": {"member": "@member_place"},
    "workspaces:invite": {"email": "new@people.example", "role": "member"},
    "workspaces:settings": {"name": "Another name"},
    "workspaces:list": {"name": "Another workspace"},
    "privacy:retention": {"months": "12"},
    "privacy:find": {"email": "somebody@people.example"},
    "privacy:let_back": {"reason": "they asked"},
    "tokens:create": {"name": "Mine", "scopes": ["read"], "expires": "7"},
    "notifications:undo-read-all": {"at": "2026-11-21T12:00:00+00:00"},
    "integrations:save-model": {"model": "gpt-4.1-mini"},
}

# Doors that change something, and are open to viewers because that is their own.
FOR_VIEWERS = frozenset(
    {
        *("set_language", "person_data", "delete_account", "closing:restore", "workspaces:list", "workspaces:leave"),
        *("workspaces:switch", "workspaces:accept", "workspaces:opened", "tokens:create", "tokens:revoke"),
        *("notifications:mark", "notifications:read-all", "notifications:undo-read-all", "notifications:unsubscribe"),
        *("notification_settings:save", "notification_settings:send-again", "home", "crawler", "security_txt"),
        *("support_end", "favicon", "end_session"),
    }
)

# Doors that are as they are whoever asks, and for strangers too.
FOR_STRANGERS = frozenset(
    {
        *("home", "set_language", "crawler", "security_txt", "favicon", "notifications:unsubscribe"),
        *("notifications:unread", "workspaces:opened", "workspaces:invitation"),
    }
)

# What is sent to an operation of the API that takes a body.
BODIES: dict[str, dict[str, object]] = {
    "create_hunt": {"brief": "Fintech companies in the United Kingdom"},
    "create_preset": {"hunt_id": "@file_hunt", "name": "Mine"},
    "change_preset": {"version": 1, "name": "Mine", "company_list_id": "@company_list"},
    "put_schedule": {"frequency": "daily", "at": "09:00", "max_spend_microusd": 0, "version": 1},
    "retry_run": {"candidate_ids": ["@failed_candidate"]},
    "raise_limit": {"max_spend_microusd": 9_000_000},
    "keep_apart": {"other": "@common_lead"},
    "suggest_again": {"other": "@other_lead"},
    "merge_lead": {"other": "@common_lead"},
    "unmerge_lead": {"merge_id": "@merge"},
    "create_token": {"name": "Mine", "scopes": ["read"]},
    "rename_company_list": {"name": "Another name"},
    "rename_workspace": {"name": "Another name"},
    "change_member": {"role": "admin"},
    "invite_member": {"email": "new@people.example", "role": "member"},
    "estimate_run": {},
    "look_up_person": {"email": "somebody@people.example"},
    "erase_person": {},
}
# What is asked besides the address.
QUERIES: dict[str, dict[str, object]] = {
    "list_leads": {"hunt": "@hunt", "status": "all"},
    "read_analytics": {"hunt": "@hunt"},
    "preview_retry": {"candidate_ids": ["@failed_candidate"]},
    "list_notifications": {"before": "@notification"},
}
