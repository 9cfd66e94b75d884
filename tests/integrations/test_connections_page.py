"""The page about a workspace's language models: who sees what, who may do what, and that no key is on it."""

import pytest

from integrations import connections
from integrations.models import Connection, ProviderCall
from tests.conftest import signed_in
from tests.factories import Membership, MembershipFactory
from tests.harness.language_model import Reply, refused

pytestmark = pytest.mark.django_db

CANARY = "sk-canary-c0ffee1234567890"
PAGE = "/settings/models"


def yes(_question) -> Reply:
    return Reply("ready")


@pytest.fixture
def house(vendors):
    return vendors(kimi=yes, openai=yes)


@pytest.fixture(params=[Membership.Role.OWNER, Membership.Role.ADMIN])
def client_who_decides(request, workspace):
    return signed_in(MembershipFactory(workspace=workspace, role=request.param).user)


@pytest.fixture(params=[Membership.Role.MEMBER, Membership.Role.VIEWER])
def client_who_looks(request, workspace):
    return signed_in(MembershipFactory(workspace=workspace, role=request.param).user)


def save(client, slug="kimi", **values):
    model = {"kimi": "kimi-k2.6", "openai": "gpt-4.1-mini", "local_server": "local"}[slug]
    return client.post(f"{PAGE}/{slug}", {"model": model, **values})


def text_of(response) -> str:
    return response.content.decode()


def test_without_any_key_the_page_says_what_one_brings_and_that_all_works_without(vendors, client_of_owner):
    vendors()
    page = text_of(client_of_owner.get(PAGE))
    assert "Everything works without a key" in page
    assert "https://platform.openai.com/api-keys" in page and "Local judge" in page


def test_the_models_are_shown_in_order_with_their_state(house, client_of_owner):
    page = text_of(client_of_owner.get(PAGE))
    assert page.index("kimi-k2.6") < page.index("gpt-4.1-mini") < page.index("Local judge")
    assert page.count("state-succeeded") == 3


def test_who_decides_enters_a_key_which_is_never_shown_again(house, client_who_decides, workspace):
    assert save(client_who_decides, api_key=CANARY).status_code == 302
    page = text_of(client_who_decides.get(PAGE))
    assert "your key" in page and CANARY not in page and CANARY[-4:] not in page
    assert connections.accesses(workspace.pk)[0].api_key == CANARY
    assert Connection.objects.get(provider="kimi").key_set_by is not None


def test_saving_without_a_key_keeps_the_one_that_is_there(house, client_of_owner, workspace):
    save(client_of_owner, api_key=CANARY)
    save(client_of_owner, model="kimi-k2.5", requests_per_minute="30")
    (access, *_others) = connections.accesses(workspace.pk)
    assert (access.api_key, access.model, access.limits.requests) == (CANARY, "kimi-k2.5", 30)


def test_a_key_can_be_deleted(house, client_of_owner, workspace):
    save(client_of_owner, api_key=CANARY)
    client_of_owner.post(f"{PAGE}/kimi/forget")
    assert not Connection.objects.get(provider="kimi").has_key
    assert CANARY not in {access.api_key for access in connections.accesses(workspace.pk)}


def test_models_are_moved_and_switched(house, client_of_owner, workspace):
    client_of_owner.post(f"{PAGE}/openai/up")
    assert [access.slug for access in connections.accesses(workspace.pk)] == ["openai", "kimi"]
    client_of_owner.post(f"{PAGE}/openai/off")
    assert [access.slug for access in connections.accesses(workspace.pk)] == ["kimi"]
    assert "switched off" in text_of(client_of_owner.get(PAGE))
    client_of_owner.post(f"{PAGE}/openai/on")
    assert [access.slug for access in connections.accesses(workspace.pk)] == ["openai", "kimi"]


@pytest.mark.parametrize("action", ["", "/test", "/up", "/down", "/on", "/off", "/forget"])
def test_who_only_looks_sees_the_page_and_changes_nothing(house, client_who_looks, action):
    page = text_of(client_who_looks.get(PAGE))
    assert "kimi-k2.6" in page and "/settings/models/kimi" not in page
    assert client_who_looks.post(f"{PAGE}/kimi{action}", {"api_key": CANARY}).status_code == 403
    assert not Connection.objects.exists() and not ProviderCall.objects.exists()


def test_a_stranger_is_asked_to_log_in(house, client):
    assert client.get(PAGE).status_code == 302
    assert client.post(f"{PAGE}/kimi/off").status_code == 302


def test_another_workspace_sees_and_changes_only_its_own(house, client_of_owner, client_of_stranger, workspace):
    save(client_of_owner, api_key=CANARY)
    assert "your key, <time" in text_of(client_of_owner.get(PAGE))
    assert "your key, <time" not in text_of(client_of_stranger.get(PAGE))
    client_of_stranger.post(f"{PAGE}/kimi/forget")
    assert connections.accesses(workspace.pk)[0].api_key == CANARY


@pytest.mark.parametrize(
    ("values", "told"),
    [
        pytest.param({"api_key": "two words"}, "That is no key", id="spaces"),
        pytest.param({"api_key": "sk-ключ-ключ"}, "That is no key", id="letters-of-other-scripts"),
        pytest.param({"api_key": "x" * 401}, "at most 400", id="too-long"),
        pytest.param({"model": "gpt-of-my-own"}, "not one of the available choices", id="unpriced-model"),
    ],
)
def test_what_makes_no_sense_is_told_and_nothing_is_kept(house, client_of_owner, values, told):
    answer = save(client_of_owner, **values)
    assert answer.status_code == 422
    assert told in text_of(answer)
    assert values.get("api_key", "no key") not in text_of(answer)
    assert not Connection.objects.exists()


@pytest.mark.parametrize("path", ["exa", "exa/test", "nobody/up", "kimi/explode"])
def test_what_is_not_there_is_a_404(house, client_of_owner, path):
    assert client_of_owner.post(f"{PAGE}/{path}").status_code == 404


def test_the_address_of_the_local_server_is_the_operators_and_takes_no_customers_key(vendors, client_of_owner):
    vendors(local_server=yes)
    assert save(client_of_owner, "local_server", api_key=CANARY).status_code == 422
    assert not Connection.objects.exists()


def test_without_sealing_keys_the_page_says_what_the_operator_has_to_do(house, settings, client_of_owner):
    settings.CREDENTIALS_KEYS = []
    assert "CREDENTIALS_KEYS" in text_of(client_of_owner.get(PAGE))
    save(client_of_owner, api_key=CANARY)
    assert not Connection.objects.exclude(sealed_key="").exists()


def test_a_test_makes_one_tiny_call_and_tells_what_it_cost(house, client_of_owner):
    kimi, openai = house
    assert "Test for at most $0.0" in text_of(client_of_owner.get(PAGE))
    page = text_of(client_of_owner.post(f"{PAGE}/kimi/test"))
    assert "It answered in" in page and "cost $0.00135" in page
    assert (len(kimi.asked), len(openai.asked)) == (1, 0)
    part = text_of(client_of_owner.post(f"{PAGE}/kimi/test", headers={"HX-Request": "true"}))
    assert part.strip().startswith("<li") and "It answered in" in part


def test_a_test_that_fails_says_why_and_switches_a_rejected_key_off_until_one_succeeds(house, client_of_owner):
    kimi, _openai = house
    kimi.answer = lambda _question: refused(401, {"message": "no", "code": "invalid_api_key"})
    save(client_of_owner, api_key=CANARY)
    assert "does not accept the key" in text_of(client_of_owner.post(f"{PAGE}/kimi/test"))
    page = text_of(client_of_owner.get(PAGE))
    assert "switched off" in page and "does not accept the key" in page
    kimi.answer = yes
    client_of_owner.post(f"{PAGE}/kimi/test")
    assert Connection.objects.get(provider="kimi").is_on


def test_a_test_cannot_be_made_for_ever(house, client_of_owner, monkeypatch):
    monkeypatch.setattr("integrations.trial.MOST_AN_HOUR", 1)
    client_of_owner.post(f"{PAGE}/kimi/test")
    assert "often enough" in text_of(client_of_owner.post(f"{PAGE}/kimi/test"))
    assert ProviderCall.objects.count() == 1


def test_a_key_that_is_used_up_is_shown_with_when_it_comes_back(house, client_of_owner):
    kimi, _openai = house
    spent = {"message": "Rate limit reached on requests per day (RPD). Please try again in 5h.", "code": "rate_limit"}
    kimi.answer = lambda _question: refused(429, spent)
    client_of_owner.post(f"{PAGE}/kimi/test")
    page = text_of(client_of_owner.get(PAGE))
    assert "used up" in page and "until <time" in page
