"""Who gets in, and what strangers see."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail

from accounts import post
from accounts.models import Membership, User, Workspace
from leads.models import ScoringConfig
from tests.conftest import signed_in
from tests.factories import CandidateFactory, JudgedLeadFactory, RunFactory, UserFactory

pytestmark = pytest.mark.django_db

INLINE = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\sstyle=|\son[a-z]+=", re.IGNORECASE)


def test_signing_up_makes_a_workspace_that_one_owns(client):
    client.post("/accounts/signup/", {"email": "ada@people.example", "password1": "a-good-long-password"})
    membership = Membership.objects.get(user__email="ada@people.example")
    assert membership.role == Membership.Role.OWNER
    assert client.get("/hunts/").status_code == 200


def test_a_weak_password_is_refused_with_what_to_do(client):
    page = client.post("/accounts/signup/", {"email": "ada@people.example", "password1": "password"}).text
    assert "too common" in page
    assert not User.objects.exists()


def test_logging_out_needs_a_press_of_the_button(client_of_owner):
    client_of_owner.get("/accounts/logout/")
    assert client_of_owner.get("/hunts/").status_code == 200
    client_of_owner.post("/accounts/logout/")
    assert client_of_owner.get("/hunts/").status_code == 302


def test_a_forgotten_password_is_reset_by_mail(client):
    person = UserFactory()
    client.post("/accounts/password/reset/", {"email": person.email})
    post.send_due()
    link = re.search(r"https?://[^/\s]+(/\S+)", mail.outbox[0].body)[1]
    form = client.get(link, follow=True)
    client.post(form.request["PATH_INFO"], {"password1": "a-new-long-password", "password2": "a-new-long-password"})
    person.refresh_from_db()
    assert person.check_password("a-new-long-password")


def test_the_address_of_nobody_is_answered_like_anybodys(client):
    UserFactory(email="ada@people.example")
    known = client.post("/accounts/password/reset/", {"email": "ada@people.example"})
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@people.example"})
    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])


@pytest.mark.parametrize("path", ["/", "/about/crawler", "/accounts/login/", "/accounts/signup/", "/nowhere"])
def test_strangers_pages_have_no_inline_script_or_style(client, path):
    answer = client.get(path)
    assert not INLINE.search(answer.text)
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_members_pages_have_no_inline_script_or_style(client_of_owner, workspace):
    run = RunFactory(hunt__workspace=workspace)
    lead = JudgedLeadFactory(workspace=workspace)
    CandidateFactory(run=run, lead=lead)
    for path in (
        "/hunts/", "/hunts/new", run.get_absolute_url(), run.hunt.get_absolute_url(),
        "/leads/", lead.get_absolute_url(),
        "/accounts/email/", "/accounts/password/change/", "/api/docs",
    ):  # fmt: skip
        assert not INLINE.search(client_of_owner.get(path).text), path


def test_the_crawlers_page_says_who_it_is_and_how_to_stop_it(client, settings):
    page = client.get("/about/crawler").text
    assert settings.CRAWLER_USER_AGENT.split("/")[0] in page
    assert "robots.txt" in page


def test_a_form_that_was_open_for_too_long_says_what_to_do(owner):
    client = signed_in(owner)
    client.handler.enforce_csrf_checks = True
    answer = client.post("/hunts/new", {"action": "read", "brief": "x"})
    assert answer.status_code == 403
    assert "open for too long" in answer.text


def test_a_viewer_may_look_and_not_start_anything(viewer, workspace):
    client = signed_in(viewer)
    run = RunFactory(hunt__workspace=workspace)
    assert client.get(run.get_absolute_url()).status_code == 200
    for path in ("/hunts/new", f"/hunts/{run.hunt_id}/run", f"/hunts/runs/{run.pk}/cancel"):
        assert client.post(path).status_code == 403
    run.refresh_from_db()
    assert run.status == "running"


def test_operators_can_look_at_every_kind_of_row_and_change_no_fact(client):
    lead = JudgedLeadFactory()
    CandidateFactory(lead=lead, run__hunt__workspace=lead.workspace)
    client.force_login(User.objects.create_superuser("operator@people.example", "a-good-password"))
    index = client.get("/admin/").text
    for path in sorted(set(re.findall(r'href="(/admin/[a-z]+/[a-z]+/)"', index))):
        assert client.get(path).status_code == 200, path
    config = ScoringConfig.objects.get()
    assert client.get("/admin/leads/scoringconfig/add/").status_code == 200
    assert client.post(f"/admin/leads/scoringconfig/{config.pk}/change/", {"number": 9}).status_code == 403
    assert client.get(f"/admin/leads/lead/{lead.pk}/change/").status_code == 200
    assert client.post(f"/admin/leads/lead/{lead.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Workspace.objects.filter(pk=lead.workspace_id).exists()


def test_addresses_are_offered_what_can_be_done_with_them(client_of_owner, owner):
    def offered() -> set[str]:
        return set(re.findall(r'name="(action_\w+)"', client_of_owner.get("/accounts/email/").text))

    assert offered() == {"action_add"}
    EmailAddress.objects.create(user=owner, email="second@people.example", verified=False)
    assert offered() == {"action_add", "action_primary", "action_send", "action_remove"}
    EmailAddress.objects.update(verified=True)
    assert offered() == {"action_add", "action_primary", "action_remove"}
