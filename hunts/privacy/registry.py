"""What every table holds of people outside the program, and what erasing means there.

A table with words that stands in neither list fails the tests, and so does a column with words that its entry does
not name. The program's own users are not meant here: they see, take and delete what is theirs on their own page
(`accounts.personal_data`, `accounts.departure`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Erasing(StrEnum):
    """What becomes of a row that tells of a person who is erased."""

    BLANK = "blank"  # marks stand in their place, as long as the words were
    WITHDRAW = "withdraw"  # the verdict loses its proof and counts for nothing; scores are worked out again
    DELETE = "delete"  # what cannot stand without its words
    EMPTY = "empty"  # the whole answer goes, and is not given again
    TEXT = "text"  # a stored text: blanked under its old name
    CREATOR = "creator"  # the lead is the person: nothing of it stays but its number and its costs
    STAY = "stay"  # a log that nobody can change: it is found and shown, and goes by its age
    FORGET = "forget"  # a row that holds them because they are to be forgotten: it does so by itself


class Kept(StrEnum):
    """For how long a row is kept, where nobody erases the person before (`hunts.privacy.retention`)."""

    COLLECTED = "the workspace's months, from the day of the first collection"
    WRITTEN = "the workspace's months, from the day on which it was written"
    NAMED = "as long as its lead; whom it names goes out of it when the time of their contact is up"
    LEAD = "as long as its lead, or the lead that it went into"
    MEMBERS = "until a member deletes it"
    TRACES = "TRACE_KEEP_DAYS"
    PAGES = "PAGE_KEEP_DAYS, and as long as a proof stands on it"
    AUDIT = "AUDIT_DAYS"
    DAYS = "some days: each row says itself when it goes"
    REQUEST = "until the request is answered"


@dataclass(frozen=True, slots=True)
class Held:
    """What one table holds.

    `kept` says for how long. `columns` may tell of anybody; a row whose `own` columns name the person is theirs and
    goes. `ours` are columns with words of the program or of its users' settings. `workspace`, `company` are ways from a
    row to its owner ('' where it is shared) and to the domain that its words are about. `source` says where they are
    from, `since` since when. `is_copy`: it repeats what stands in other tables; it is erased with them, and not handed
    out beside them.
    """

    whose: str
    kept: Kept
    columns: tuple[str, ...]
    own: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()
    workspace: str = ""
    company: str = ""
    source: tuple[str, ...] = ()
    since: str = "created_at"
    seen: str = ""
    erasing: Erasing = Erasing.BLANK
    is_copy: bool = False


_LEAD = "lead__handle"
_OF_A_CANDIDATE = "candidate__lead__handle"

# In the order in which they are gone over: what tells who else is meant comes before what is found by it.
PERSONAL: Mapping[str, Held] = {
    "leads.Contact": Held(
        "people at companies, and their addresses",
        Kept.COLLECTED,
        ("name", "title", "email", "phone", "linkedin_url", "source_url", "quote"),
        own=("name", "email", "phone", "linkedin_url"),
        ours=("found_by", "snapshot_sha256", "email_domain"),
        workspace="lead__workspace",
        company=_LEAD,
        source=("source_url", "found_by"),
        since="first_collected_at",
        seen="last_seen_at",
    ),
    "leads.Fact": Held(
        "profiles and addresses, and the words beside them",
        Kept.NAMED,
        ("value", "detail", "quote", "source_url"),
        own=("value",),
        ours=("snapshot_sha256",),
        workspace="lead__workspace",
        company=_LEAD,
        source=("source_url",),
        since="first_collected_at",
        seen="found_at",
    ),
    "leads.ContactForm": Held(
        "whoever a form names",
        Kept.NAMED,
        ("url", "action", "fields"),
        ours=("method", "captcha"),
        workspace="lead__workspace",
        company=_LEAD,
        source=("url",),
        since="found_at",
    ),
    "leads.Evidence": Held(
        "whoever a quote or a reason names",
        Kept.NAMED,
        ("quote", "reason", "url"),
        ours=("criterion", "text", "kind", "claimed", "snapshot_sha256"),
        workspace="assessment__lead__workspace",
        company="assessment__lead__handle",
        source=("url",),
        since="fetched_at",
        erasing=Erasing.WITHDRAW,
    ),
    "leads.Assessment": Held(
        "whoever a note of the judge names",
        Kept.NAMED,
        ("judge_note",),
        ours=("criteria_hash", "judged_by", "prompt_version", "snapshots", "tier"),
        workspace="lead__workspace",
        company=_LEAD,
        source=("judged_by",),
    ),
    "leads.Lead": Held(
        "creators, whom to write to, and whoever a description names",
        Kept.NAMED,
        (
            *("name", "website", "description", "location", "phone", "source_url", "record", "site_problem"),
            *("best_quote", "best_quote_url", "contact_name", "contact_email", "handle"),
        ),
        own=("name", "handle", "website"),
        ours=("source", "tier", "country", "name_key"),
        workspace="workspace",
        company="handle",
        source=("source_url", "source"),
        erasing=Erasing.CREATOR,
    ),
    "leads.LeadAlias": Held(
        "handles of creators",
        Kept.LEAD,
        ("handle", "detail"),
        own=("handle",),
        ours=("platform",),
        workspace="workspace",
        company=_LEAD,
        source=("detail",),
    ),
    "leads.Merge": Held(
        "what a lead took over from another",
        Kept.LEAD,
        ("evidence", "taken"),
        workspace="workspace",
        company="kept__handle",
        since="merged_at",
    ),
    "leads.CompanyList": Held("whoever the name of a file names", Kept.MEMBERS, ("name",), workspace="workspace"),
    "leads.Company": Held(
        "people in uploaded lists and directories",
        Kept.MEMBERS,
        ("name", "website", "one_liner", "description", "location", "phone", "source", "domain"),
        own=("domain",),
        ours=("country",),
        workspace="list__workspace",
        company="domain",
        source=("source", "list__name"),
        since="list__created_at",
    ),
    "hunts.Candidate": Held(
        "pages that were read, and why",
        Kept.NAMED,
        ("facts", "reason"),
        ours=("answers", "identity", "claimed_by", "tier"),
        workspace="run__workspace",
        company=_LEAD,
    ),
    "hunts.RunEvent": Held(
        "whoever a line of a run's log names",
        Kept.WRITTEN,
        ("message",),
        ours=("stage",),
        workspace="run__workspace",
        company=_OF_A_CANDIDATE,
    ),
    "hunts.Statement": Held(
        "whoever the answer to a question names",
        Kept.NAMED,
        ("text", "quote", "url"),
        workspace="question__research__workspace",
        company="question__research__lead__handle",
        source=("url",),
        since="fetched_at",
        erasing=Erasing.DELETE,
    ),
    "hunts.ResearchQuestion": Held(
        "whoever a question names",
        Kept.NAMED,
        ("text", "looks_for", "note"),
        ours=("key", "answered_by", "prompt_version"),
        workspace="research__workspace",
        company="research__lead__handle",
        since="research__created_at",
    ),
    "hunts.Research": Held(
        "pages that were read",
        Kept.NAMED,
        ("pages", "topics", "problem", "site_problem"),
        workspace="workspace",
        company=_LEAD,
    ),
    "hunts.Conversation": Held(
        "whoever members talk about",
        Kept.MEMBERS,
        ("title", "icp_json", "asked"),
        ours=("language",),
        workspace="workspace",
    ),
    "hunts.Message": Held(
        "whoever members talk about",
        Kept.WRITTEN,
        ("text", "problem", "suggestions", "icp_json"),
        ours=("topic", "written_by", "prompt_version"),
        workspace="conversation__workspace",
        source=("role",),
    ),
    "hunts.Hunt": Held("whoever a profile names", Kept.MEMBERS, ("name", "icp_json"), workspace="workspace"),
    "hunts.Run": Held(
        "whoever a profile names", Kept.MEMBERS, ("icp_json", "plan_json", "note"), workspace="workspace"
    ),
    "hunts.SavedIcp": Held("whoever a profile names", Kept.MEMBERS, ("name", "icp_json"), workspace="workspace"),
    "integrations.ProviderCall": Held(
        "whoever a service or a language model answered about",
        Kept.TRACES,
        ("answer", "error"),
        ours=("run_ref", "candidate_ref", "key", "provider", "operation", "model"),
        workspace="workspace",
        source=("provider", "operation"),
        erasing=Erasing.EMPTY,
    ),
    "accounts.KeptAnswer": Held(
        "answers of the API, for a day",
        Kept.DAYS,
        ("body",),
        ours=("holder", "operation", "key", "fingerprint", "headers"),
        workspace="workspace",
        erasing=Erasing.EMPTY,
    ),
    "accounts.Notification": Held(
        "whoever the name of what it is about names",
        Kept.DAYS,
        ("label", "parameters"),
        ours=("key", "url"),
        workspace="workspace",
    ),
    "accounts.AuditEntry": Held(
        "whoever the name of a hunt, a file or a reason in the audit log names",
        Kept.AUDIT,
        ("words",),
        ours=("verb", "object_type", "object_id", "ip", "request_id"),
        workspace="workspace",
        since="at",
        erasing=Erasing.STAY,
    ),
    "hunts.Lookup": Held(
        "somebody who was looked for, for some days",
        Kept.DAYS,
        ("wanted", "perhaps"),
        ours=("problem",),
        workspace="workspace",
        since="asked_at",
        erasing=Erasing.DELETE,
        is_copy=True,
    ),
    "hunts.FoundPlace": Held(
        "what was found of them, as long as the lookup",
        Kept.DAYS,
        ("told", "perhaps"),
        workspace="lookup__workspace",
        since="lookup__asked_at",
        is_copy=True,
    ),
    "hunts.SharedRequest": Held(
        "somebody whom the operator is asked to take out of what all read, until it is done",
        Kept.REQUEST,
        ("wanted",),
        workspace="workspace",
        since="asked_at",
        erasing=Erasing.FORGET,
    ),
    "hunts.Erasure": Held(
        "the person who is being erased, until they are",
        Kept.REQUEST,
        ("wanted",),
        ours=("counts", "problem"),
        workspace="workspace",
        since="asked_at",
        erasing=Erasing.FORGET,
    ),
    "enrichment.Page": Held(
        "whoever a public page names",
        Kept.PAGES,
        ("url", "final_url", "title", "facts"),
        ours=("url_sha256", "host", "language", "how", "etag", "last_modified"),
        company="host",
        source=("final_url",),
        since="fetched_at",
    ),
    "enrichment.Snapshot": Held(
        "whoever a public page names",
        Kept.PAGES,
        ("compressed",),
        ours=("sha256",),
        source=("pages__final_url",),
        erasing=Erasing.TEXT,
    ),
    "enrichment.Screenshot": Held(
        "whoever is seen on a home page",
        Kept.PAGES,
        ("url", "file"),
        ours=("host",),
        company="host",
        source=("url",),
        since="taken_at",
        erasing=Erasing.DELETE,
    ),
}

_OF_USERS = "of the program's users: on their own page, and gone with their account"
_WORDS_OF_OURS = "words and numbers of the program"

# By model: why it holds nobody but, where it says so, the program's own users.
NONE: Mapping[str, str] = {
    "accounts.ApiToken": _OF_USERS,
    "accounts.Invitation": _OF_USERS,
    "accounts.AuditPruning": _WORDS_OF_OURS,
    "accounts.KnownBrowser": _OF_USERS,
    "accounts.Letter": _OF_USERS,
    "accounts.Membership": _OF_USERS,
    "accounts.NotificationDelivery": _OF_USERS,
    "accounts.NotificationPreference": _OF_USERS,
    "accounts.Reader": _OF_USERS,
    "accounts.RequestCount": "counters by a digest, for minutes",
    "accounts.SlackNews": _WORDS_OF_OURS,
    "accounts.SupportOpening": _WORDS_OF_OURS,
    "accounts.SupportVisit": _OF_USERS,
    "accounts.User": _OF_USERS,
    "accounts.WorkspaceQuota": _WORDS_OF_OURS,
    "accounts.Workspace": "the customer's own name",
    "billing.Budget": _WORDS_OF_OURS,
    "billing.Entry": _WORDS_OF_OURS,
    "billing.Hold": _WORDS_OF_OURS,
    "billing.RefundRequest": _OF_USERS,
    "billing.SpendingLimit": _WORDS_OF_OURS,
    "enrichment.Host": "domains, and how they answer",
    "enrichment.RobotsFile": "rules for programs",
    "hunts.FilterHistory": _WORDS_OF_OURS,
    "hunts.Firing": _WORDS_OF_OURS,
    "hunts.Preset": "filters that members chose",
    "hunts.RunFigures": _WORDS_OF_OURS,
    "hunts.RunSpend": _WORDS_OF_OURS,
    "hunts.Schedule": _WORDS_OF_OURS,
    "integrations.Connection": "the customer's own keys, sealed",
    "integrations.SharedDocument": _WORDS_OF_OURS,
    "leads.Collection": "keyed hashes; they go with the person",
    "leads.DistinctPair": _WORDS_OF_OURS,
    "leads.ScoringConfig": _WORDS_OF_OURS,
    "leads.Suppression": "keyed hashes: what stays of a person, so that they stay away",
}

# Apps of others, about the program's users and its machinery.
NONE_APPS = frozenset(
    {"account", "admin", "auth", "contenttypes", "django_q", "mfa", "sessions", "socialaccount", "usersessions"}
)


# The tables that an erasure goes over, in order, and those that a lookup does.
STEPS = tuple(label for label, held in PERSONAL.items() if held.erasing not in (Erasing.FORGET, Erasing.STAY))
LOOKED_AT = tuple(label for label, held in PERSONAL.items() if held.erasing != Erasing.FORGET and not held.is_copy)
