"""Which rows belong to whom: every table is a workspace's own or is shared by all, and says so here.

A model that stands in neither list fails the tests, so that nothing new is without a wall by mistake. So does one that
is owned and whose manager (`accounts.scoping`) does not hold its rows.
"""

# By model: the way from a row to the workspace that owns it. Only that workspace may ever see the row.
OWNED: dict[str, str] = {
    "accounts.ApiToken": "workspace",
    "accounts.AuditEntry": "workspace",
    "accounts.Invitation": "workspace",
    "accounts.KeptAnswer": "workspace",
    "accounts.Membership": "workspace",
    "accounts.Notification": "workspace",
    "accounts.NotificationDelivery": "notification__workspace",
    "accounts.NotificationPreference": "workspace",
    "accounts.Reader": "workspace",
    "accounts.SlackNews": "workspace",
    "accounts.SupportOpening": "workspace",
    "accounts.Workspace": "pk",
    "accounts.WorkspaceQuota": "workspace",
    "billing.Budget": "workspace",
    "billing.Entry": "budget__workspace",
    "billing.Hold": "workspace",
    "billing.RefundRequest": "workspace",
    "billing.SpendingLimit": "workspace",
    "hunts.Candidate": "run__workspace",
    "hunts.Conversation": "workspace",
    "hunts.Erasure": "workspace",
    "hunts.FilterHistory": "workspace",
    "hunts.Firing": "schedule__preset__workspace",
    "hunts.FoundPlace": "lookup__workspace",
    "hunts.Hunt": "workspace",
    "hunts.Lookup": "workspace",
    "hunts.Message": "conversation__workspace",
    "hunts.Preset": "workspace",
    "hunts.Research": "workspace",
    "hunts.ResearchQuestion": "research__workspace",
    "hunts.Run": "workspace",
    "hunts.RunEvent": "run__workspace",
    "hunts.RunFigures": "workspace",
    "hunts.RunSpend": "figures__workspace",
    "hunts.SavedIcp": "workspace",
    "hunts.Schedule": "preset__workspace",
    "hunts.SharedRequest": "workspace",
    "hunts.Statement": "question__research__workspace",
    "integrations.Connection": "workspace",
    "integrations.ProviderCall": "workspace",
    "leads.Assessment": "lead__workspace",
    "leads.Collection": "workspace",
    "leads.Company": "list__workspace",
    "leads.CompanyList": "workspace",
    "leads.Contact": "lead__workspace",
    "leads.ContactForm": "lead__workspace",
    "leads.DistinctPair": "workspace",
    "leads.Evidence": "assessment__lead__workspace",
    "leads.Fact": "lead__workspace",
    "leads.Lead": "workspace",
    "leads.LeadAlias": "workspace",
    "leads.Merge": "workspace",
    "leads.Suppression": "workspace",
}

# Owned, but a row without a workspace is everybody's to read: the company directory that comes with the program, and
# the hashes of people whom nobody may keep.
READABLE_WITHOUT_OWNER = frozenset({"leads.CompanyList", "leads.Company", "leads.Suppression"})

# By model: why no workspace owns the row.
SHARED: dict[str, str] = {
    "accounts.KnownBrowser": "where a person logs in from, whichever workspaces are theirs",
    "accounts.Letter": "an e-mail to a person about their account",
    "accounts.AuditPruning": "up to when the audit log was pruned, for all",
    "accounts.SupportVisit": "an operator's look at the product as a person, who may be in many workspaces",
    "accounts.RequestCount": "counters of a few minutes, by a digest",
    "accounts.User": "a person may be in many workspaces",
    "enrichment.Host": "how a public site wants to be read",
    "enrichment.Page": "a public page as it was fetched, for whoever needs it",
    "enrichment.RobotsFile": "a public file",
    "enrichment.Screenshot": "a picture of a public page",
    "enrichment.Snapshot": "the text of a public page, by its digest",
    "integrations.SharedDocument": "limits and pauses of providers, which are the installation's",
    "leads.ScoringConfig": "numbered weights that staff set for all",
}

# Tables of what is installed, about people and the machine; no row of theirs is a workspace's.
SHARED_APPS = frozenset(
    {"account", "admin", "auth", "contenttypes", "django_q", "mfa", "sessions", "socialaccount", "usersessions"}
)
