"""Which pages support may look at; whatever is not named here is shut, new pages too.

Shut are passwords, addresses, second steps, sessions, API tokens, invitations, downloads, the API and the console:
support sees what a person sees of their work, and none of what they own.
"""

import re

OPEN = frozenset(
    {
        "home", "crawler", "security_txt", "favicon", "analytics",
        "hunts:list", "hunts:new", "hunts:presets", "hunts:edit-preset", "hunts:schedule", "hunts:conversations",
        "company_lists:page", "company_lists:rename", "company_lists:delete",
        "hunts:chat", "hunts:detail", "hunts:deleted", "hunts:run", "hunts:retry-run",
        "leads:list", "leads:detail", "leads:costs", "leads:merge", "leads:identity",
        "enrichment:evidence", "enrichment:fact", "enrichment:contact", "enrichment:screenshot",
        "research:panel", "research:citation",
        "integrations:models", "notification_settings:page", "billing:spending", "limits",
        "audit:log",
        "notifications:inbox", "workspaces:list", "workspaces:menu", "workspaces:settings", "workspaces:members",
    }
)  # fmt: skip
# Pages ask it by themselves, and to be asked counts as that the person looked.
UNREAD = "notifications:unread"
END = "support_end"

# What a look writes itself; every other statement that changes a row is refused, whatever page sends it.
_OURS = frozenset(
    {"accounts_auditentry", "accounts_supportopening", "accounts_supportvisit"}
    | {"django_session", "usersessions_usersession"}
)
_CHANGE = re.compile(r'\s*(?:(?:INSERT|REPLACE)\s+(?:OR\s+\w+\s+)?INTO|UPDATE|DELETE\s+FROM|TRUNCATE)\s+"?(\w+)', re.I)


def changes(sql: str) -> bool:
    """Return whether a statement changes a row that is not about the look itself."""
    found = _CHANGE.match(sql)
    return found is not None and found[1] not in _OURS
