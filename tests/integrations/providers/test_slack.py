import json

import httpx
import pytest

from integrations.capabilities import News
from integrations.egress.errors import NotResolved
from integrations.errors import CredentialsRejected, RequestRejected, Unavailable
from integrations.providers.slack import Slack, message, webhook_of
from tests.harness.fake_web import FakeWeb, Listener

BASE = "https://hooks.slack.com"
NEWS = News(
    "5b2c", "14 leads in tier A: Pumps", "Found 312 companies.", "https://app.example.com/hunts/runs/1/", "Open"
)


def slack(answer) -> Slack:
    http_client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return Slack(webhook="T0/B0/x", base_url=f"{BASE}/", http_client=http_client)


async def test_it_posts_to_its_webhook_with_an_id_that_stays_the_same():
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.method, str(request.url), json.loads(request.content)))
        return httpx.Response(200, text="ok")

    for _twice in range(2):
        await slack(answer).tell(NEWS)
    method, url, body = asked[0]
    assert (method, url) == ("POST", "https://hooks.slack.com/services/T0/B0/x")
    assert body["blocks"][0]["block_id"] == "5b2c"
    assert body["blocks"][-1]["text"]["text"] == "<https://app.example.com/hunts/runs/1/|Open>"
    assert asked[0] == asked[1]


# https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/#handling-errors
@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, "no_service", CredentialsRejected),
        (410, "channel_is_archived", CredentialsRejected),
        (404, "channel_not_found", CredentialsRejected),
        (403, "action_prohibited", CredentialsRejected),
        (403, "invalid_token", CredentialsRejected),
        (400, "no_active_hooks", CredentialsRejected),
        (400, "user_not_found", CredentialsRejected),
        (404, "<html>not here</html>", CredentialsRejected),
        (400, "invalid_payload", RequestRejected),
        (400, "no_text", RequestRejected),
        (302, "", RequestRejected),
        (429, "", Unavailable),
        (500, "rollup_error", Unavailable),
        (503, "", Unavailable),
        (200, "<html>Welcome to the hotel</html>", Unavailable),
        (200, "", Unavailable),
    ],
)
async def test_a_refusal_says_what_to_do_next(status, body, error):
    with pytest.raises(error) as raised:
        await slack(lambda request: httpx.Response(status, text=body)).tell(NEWS)
    assert type(raised.value) is error
    assert "T0/B0/x" not in str(raised.value)


async def test_it_waits_as_long_as_slack_asks():
    with pytest.raises(Unavailable) as raised:
        await slack(lambda request: httpx.Response(429, headers={"Retry-After": "30"})).tell(NEWS)
    assert raised.value.retry_after == 30


@pytest.mark.parametrize(
    "failure",
    [httpx.ConnectError("no"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut"), NotResolved("no")],
)
async def test_a_lost_connection_is_tried_again(failure):
    def answer(request: httpx.Request) -> httpx.Response:
        raise failure

    with pytest.raises(Unavailable):
        await slack(answer).tell(NEWS)


async def test_slack_is_not_followed_anywhere():
    async with FakeWeb() as vendor, Listener() as inside:
        vendor.redirect("/services/T0/B0/x", f"http://127.0.0.1:{inside.port}/")
        notifier = Slack(webhook="T0/B0/x", base_url=f"http://127.0.0.1:{vendor.port}")
        with pytest.raises(RequestRejected):
            await notifier.tell(NEWS)
        await notifier.aclose()
        assert inside.accepts == 0


def texts(value) -> list[str]:
    """Return every string in a message that Slack would format."""
    blocks = [block["text"] for block in value["blocks"] if block["text"]["type"] == "mrkdwn"]
    return [value["text"], *(block["text"] for block in blocks)]


@pytest.mark.parametrize(
    "foreign", ["<!channel>", "<@U024BE7LH>", "<https://evil.example|Open>", "@here", "*bold* & <b>"]
)
def test_foreign_text_mentions_nobody_and_links_nowhere(foreign):
    body = message(News("1", f"Found: {foreign}", foreign, NEWS.url, "Open"))
    assert (body["parse"], body["link_names"], body["mrkdwn"]) == ("none", False, False)
    assert all("<" not in text.replace(f"<{NEWS.url}|Open>", "") for text in texts(body))
    plain = [block["text"]["text"] for block in body["blocks"] if block["text"]["type"] == "plain_text"]
    assert plain == [f"Found: {foreign}", foreign], "shown as it is"


def test_a_message_keeps_to_slacks_limits():
    body = message(News("1", "x" * 9_000, "y" * 9_000, NEWS.url, "Open"))
    assert all(len(block["text"]["text"]) <= 3_000 for block in body["blocks"])


def test_without_a_detail_there_is_no_empty_block():
    assert all(block["text"]["text"] for block in message(News("1", "Failed", "", NEWS.url, "Open"))["blocks"])


@pytest.mark.parametrize(
    ("address", "webhook"),
    [
        (f"{BASE}/services/T024/B0AB/aZ9", "T024/B0AB/aZ9"),
        (f"  {BASE}/services/T024/B0AB/aZ9\n", "T024/B0AB/aZ9"),
        ("http://hooks.slack.com/services/T024/B0AB/aZ9", None),
        ("https://hooks.slack.com.evil.example/services/T024/B0AB/aZ9", None),
        ("https://hooks.slack.com@evil.example/services/T024/B0AB/aZ9", None),
        (f"{BASE}/services/T024/B0AB/aZ9?to=1", None),
        (f"{BASE}/services/T024/B0AB/../../admin", None),
        (f"{BASE}/services/T024/B0AB", None),
        (f"{BASE}/workflows/T024/B0AB/1/aZ9", None),
        ("T024/B0AB/aZ9", None),
        ("", None),
    ],
)
def test_only_the_address_of_a_webhook_is_taken(address, webhook):
    assert webhook_of(address, BASE) == webhook
