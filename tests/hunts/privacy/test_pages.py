"""The doors: owners and admins find, hand out and erase in their own workspace; operators in all of them."""

import io
import json
from contextlib import redirect_stdout

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django_q.brokers import get_broker
from pytest_django.asserts import assertRedirects

from accounts.audit_models import AuditEntry, Verb
from accounts.models import Membership
from hunts.privacy import looking
from hunts.privacy.lookup_models import Lookup
from hunts.privacy.models import Erasure
from hunts.privacy.registry import LOOKED_AT
from leads import suppression
from leads.models import Contact
from tests.conftest import signed_in
from tests.factories import LeadFactory, MembershipFactory, WorkspaceFactory
from tests.harness.inline import inline
from tests.hunts.privacy.conftest import DOMAIN, EMAIL, NAME, SHARED, finish, left, seed, told_of, wanted

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESSES = ("page", "find", "retention")
OF_A_LOOKUP = ("lookup", "again", "export", "erase", "let_back")
READ = ("page", "lookup", "export")
ASKED = {"email": EMAIL, "name": NAME, "company": DOMAIN}


def looked_up(client: Client, **asked: str) -> Lookup:
    """Ask for a person, and let a worker look."""
    answer = client.post(reverse("privacy:find"), asked or ASKED)
    lookup = Lookup.objects.latest("pk")
    assertRedirects(answer, lookup.get_absolute_url())
    assert looking.work_on(lookup.pk)
    lookup.refresh_from_db()
    assert lookup.status == Lookup.Status.DONE
    return lookup


def url_of(address: str, lookup: Lookup) -> str:
    return reverse(f"privacy:{address}", args=[lookup.pk])


def shown(client: Client, lookup: Lookup) -> str:
    return client.get(lookup.get_absolute_url()).content.decode()


@pytest.fixture
def lead(workspace, media):
    return seed(workspace)


@pytest.mark.parametrize("role", [Membership.Role.MEMBER, Membership.Role.VIEWER])
@pytest.mark.parametrize("address", [*ADDRESSES, *OF_A_LOOKUP])
def test_only_owners_and_admins_may_look_and_change(workspace, role, address):
    lookup = looking.begin(wanted(), workspace, by=None)
    client = signed_in(MembershipFactory(workspace=workspace, role=role).user)
    url = reverse(f"privacy:{address}", args=[lookup.pk] if address in OF_A_LOOKUP else [])
    answer = client.get(url) if address in READ else client.post(url, ASKED)
    assert answer.status_code == 403
    assert not Erasure.objects.exists()
    assert Lookup.objects.count() == 1


def test_an_admin_finds_and_an_owner_alone_hands_out(workspace, client_of_owner, lead):
    admin = signed_in(MembershipFactory(workspace=workspace, role=Membership.Role.ADMIN).user)
    lookup = looked_up(admin)
    assert url_of("export", lookup) not in shown(admin, lookup)
    assert admin.get(url_of("export", lookup)).status_code == 403
    assert url_of("export", lookup) in shown(client_of_owner, lookup)
    assert client_of_owner.get(url_of("export", lookup)).status_code == 200


def test_the_page_says_how_long_people_are_kept_and_stands_in_the_menu(client_of_owner):
    page = client_of_owner.get(reverse("privacy:page")).content.decode()
    assert 'value="24"' in page
    assert "Nothing is kept of anybody yet." in page
    assert reverse("privacy:page") in client_of_owner.get(reverse("leads:list")).content.decode()
    assert inline(page) == []


def test_what_is_found_is_shown_with_source_and_date(client_of_owner, lead):
    lookup = looked_up(client_of_owner)
    text = shown(client_of_owner, lookup)
    assert EMAIL in text
    assert f"Found in {lookup.count} places" in text
    assert "collected on" in text
    assert "from https://acme.example/team" in text or "from source_url" in text
    assert inline(text) == []
    assert NAME in client_of_owner.get(reverse("privacy:page")).content.decode()
    assert AuditEntry.objects.filter(verb=Verb.PERSON_LOOKED_UP).count() == 1
    assert told_of(" ".join(AuditEntry.objects.values_list("words", flat=True)).lower()) == []


def test_while_it_is_looked_for_the_page_says_how_far_it_is_and_asks_for_itself(client_of_owner, lead):
    client_of_owner.post(reverse("privacy:find"), ASKED)
    assert get_broker().queue_size() == 1
    lookup = Lookup.objects.latest("pk")
    page = shown(client_of_owner, lookup)
    assert "Waiting for a worker." in page
    assert "every 2s" in page
    assert "Look how far it is" in page  # without JavaScript
    assert client_of_owner.get(url_of("export", lookup)).status_code == 404
    assert client_of_owner.post(url_of("erase", lookup)).status_code == 404
    Lookup.objects.update(status="running", step=3, count=5, problem="It could not go on.")
    part = client_of_owner.get(lookup.get_absolute_url(), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert f"3 of {len(LOOKED_AT)} kinds of records looked at, 5 places found so far." in part
    assert "It could not go on." in part
    Lookup.objects.update(status="done", step=0, count=0, problem="")
    assert "every 2s" not in shown(client_of_owner, lookup)


def test_what_failed_says_what_to_do_and_goes_on(client_of_owner, lead):
    client_of_owner.post(reverse("privacy:find"), ASKED)
    Lookup.objects.update(status="failed", attempts=5, problem="the disk is full")
    lookup = Lookup.objects.latest("pk")
    assert "the disk is full" in shown(client_of_owner, lookup)
    client_of_owner.post(url_of("again", lookup))
    assert get_broker().queue_size() == 2
    assert looking.work_on(lookup.pk)
    assert f"Found in {lookup.places.count()} places" in shown(client_of_owner, lookup)


def test_where_nobody_is_known_it_says_so_and_what_may_be_done(client_of_owner, workspace):
    text = shown(client_of_owner, looked_up(client_of_owner))
    assert "Nothing is known of this person here" in text
    assert "Found in 0" not in text
    assert "Keep out from now on" in text


def test_another_workspace_finds_nothing_of_ours(client_of_owner, client_of_stranger, lead):
    assert looked_up(client_of_stranger).count == 0
    theirs = looked_up(client_of_owner)
    assert client_of_stranger.get(theirs.get_absolute_url()).status_code == 404
    assert client_of_stranger.post(url_of("erase", theirs)).status_code == 404


def test_what_names_nobody_is_said_so_beside_the_form(client_of_owner):
    answer = client_of_owner.post(reverse("privacy:find"), {"name": "Anna"})
    assert answer.status_code == 422
    assert "too short for a name" in answer.content.decode()
    assert client_of_owner.post(reverse("privacy:find"), {}).status_code == 422
    assert not Lookup.objects.exists()


def test_the_export_has_source_and_date_of_each_thing_and_says_where_files_went(client_of_owner, lead):
    client_of_owner.get(reverse("leads:export", args=["csv"]))
    answer = client_of_owner.get(url_of("export", looked_up(client_of_owner)))
    told = json.loads(answer.content)
    dated = [item for item in told["items"] if item["first_collected_at"]]
    assert {"leads.Contact", "leads.Fact", "leads.Evidence", "enrichment.Page"} <= {item["table"] for item in dated}
    assert all(item["source"] for item in dated if item["table"] in ("leads.Contact", "leads.Fact", "leads.Company"))
    assert len(told["files"]["downloads"]) == 1
    assert "Backups" in told["not_covered"]
    assert answer["Cache-Control"] == "no-store"
    assert AuditEntry.objects.get(verb=Verb.PERSON_EXPORTED).words == str(len(told["items"]))


def test_erasing_begins_at_once_and_the_person_is_kept_out_from_then_on(client_of_owner, lead):
    client_of_owner.post(url_of("erase", looked_up(client_of_owner)))
    erasure = Erasure.objects.get()
    assert suppression.length(lead.workspace_id) == 1
    assert get_broker().queue_size() == 2
    finish(erasure)
    # What was found has gone with the person.
    assert left(without=SHARED) == {}
    assert not Lookup.objects.exists()
    again = looked_up(client_of_owner)
    assert "on the list of those who are not kept" in shown(client_of_owner, again)


def test_who_is_taken_off_the_list_is_so_for_a_reason(client_of_owner, workspace):
    suppression.suppress(workspace.pk, wanted())
    url = url_of("let_back", looked_up(client_of_owner))
    assert client_of_owner.post(url).status_code == 422
    client_of_owner.post(url, {"reason": f"{NAME} asked us to"})
    assert suppression.length(workspace.pk) == 0
    words = AuditEntry.objects.get(verb=Verb.PERSON_LET_BACK).words
    assert words.endswith("asked us to")
    assert told_of(words.lower()) == []


def test_a_shorter_time_is_asked_for_twice_where_something_would_go(client_of_owner, lead):
    Contact.objects.update(first_collected_at="2020-01-01T00:00:00Z")
    url = reverse("privacy:retention")
    page = client_of_owner.post(url, {"months": 1}).content.decode()
    assert "2 contacts" in page
    lead.workspace.refresh_from_db()
    assert lead.workspace.retention_months == 24
    client_of_owner.post(url, {"months": 1, "confirmed": 1})
    lead.workspace.refresh_from_db()
    assert lead.workspace.retention_months == 1
    assert client_of_owner.post(url, {"months": 0}).status_code == 422


def test_who_is_shown_is_who_is_erased(client_of_owner, workspace):
    lead = LeadFactory(workspace=workspace, handle=DOMAIN, description=f"Founded by {NAME}")
    Contact.objects.create(lead=lead, name=NAME, email=EMAIL, found_by="site")
    lookup = looked_up(client_of_owner, email=EMAIL)
    assert NAME in shown(client_of_owner, lookup)
    exported = client_of_owner.get(url_of("export", lookup)).json()
    assert {item["table"] for item in exported["items"]} == {"leads.Contact", "leads.Lead"}
    # What came since is not erased unseen.
    Contact.objects.create(lead=lead, name=NAME, email="z.private@mail.example", found_by="site")
    client_of_owner.post(url_of("erase", lookup))
    erasure = Erasure.objects.get()
    assert erasure.person.names == (NAME,)
    assert erasure.person.emails == (EMAIL,)


def command(*args: str) -> str:
    said = io.StringIO()
    with redirect_stdout(said):
        call_command("person", *args, stdout=said)
    return said.getvalue()


def test_operators_find_export_and_erase_everywhere(lead, settings, tmp_path):
    settings.VAR_DIR = tmp_path
    rejects = tmp_path / "imports" / "x-rejects.csv"
    rejects.parent.mkdir()
    rejects.write_text(f"line,reason,row\n2,bad,{NAME};{EMAIL}\n", encoding="utf-8")
    seed(WorkspaceFactory())
    asked = (f"--email={EMAIL}", f"--name={NAME}", f"--company={DOMAIN}")
    found = command("find", *asked)
    assert "leads.Contact" in found
    assert "x-rejects.csv" in found
    assert len({item["workspace"] for item in json.loads(command("export", *asked))["items"]}) == 3
    command("erase", *asked, "--yes")
    assert left(without=frozenset({"hunts.Erasure"})) == {}
    assert told_of(rejects.read_text(encoding="utf-8").lower()) == []
    finish_all()
    assert left() == {}


def finish_all() -> None:
    for erasure in Erasure.objects.exclude(status=Erasure.Status.DONE):
        Erasure.objects.filter(pk=erasure.pk).update(status=Erasure.Status.RUNNING, step=0)
        finish(erasure)


def test_the_command_says_what_is_wrong(db):
    with pytest.raises(CommandError, match="e-mail address"):
        command("find", "--email=x")
    with pytest.raises(CommandError, match="no workspace"):
        command("find", f"--email={EMAIL}", "--workspace=nowhere")
