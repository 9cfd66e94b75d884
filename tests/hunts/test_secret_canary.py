"""A customer's secrets are nowhere but sealed: not in rows, messages of the queue, logs, files or pages."""

import io
import json
import logging
import zipfile
from collections.abc import Iterator

import pytest
from asgiref.sync import async_to_sync
from cryptography.fernet import Fernet
from django.conf import settings as configured
from django.db import connection
from django_q.brokers import get_broker
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from accounts import sealing
from accounts.models import User
from hunts import launch, pipeline
from integrations import connections
from integrations.models import Connection, ProviderCall
from tests.conftest import signed_in
from tests.harness.addresses import addresses, world
from tests.harness.language_model import LanguageModelServer, gullible, refused

pytestmark = pytest.mark.django_db(transaction=True)

CANARY = "c4n4ryC0FFEE1234567890abcdef"


@pytest.fixture
def vendors(settings, sandbox) -> Iterator[list[LanguageModelServer]]:
    """Kimi and Moonshot refuse the key and, as rude vendors do, say it back; OpenAI takes it."""

    def rude(_question):
        return refused(401, {"message": f"Incorrect API key provided: sk-kimi-{CANARY}", "type": "invalid_request"})

    settings.CREDENTIALS_KEYS = [Fernet.generate_key().decode()]
    settings.LANGUAGE_MODEL_ORDER = ["kimi", "moonshot", "openai", "local"]
    with LanguageModelServer(rude) as kimi, LanguageModelServer(gullible) as openai:
        providers = {slug: dict(values) for slug, values in settings.PROVIDERS.items()}
        for slug, server in (("kimi", kimi), ("moonshot", kimi), ("openai", openai)):
            providers[slug] |= {"api_key": "", "base_url": server.base_url}
        settings.PROVIDERS = providers
        yield [kimi, openai]


def connect_everything(client) -> None:
    """Enter a canary at every door that takes a secret."""
    for slug in filter(connections.takes_a_key, connections.LANGUAGE_MODELS):
        told = {"api_key": f"sk-{slug}-{CANARY}", "model": connections.models_of(slug)[0]}
        assert client.post(f"/settings/models/{slug}", told).status_code == 302
    webhook = f"{configured.PROVIDERS['slack']['base_url']}/services/T01/B01/{CANARY}"
    assert client.post("/settings/notifications/slack", {"webhook": webhook}).status_code == 302


def dumped() -> str:
    """Return every row of every table."""
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608  (our own)
            rows += [table, *map(str, cursor.fetchall())]
    return "\n".join(rows)


def queued() -> str:
    """Return the messages of the queue, unpacked."""
    if not configured.Q_CLUSTER.get("redis"):
        return str([row.task for row in OrmQ.objects.all()])
    broker = get_broker()
    return str([SignedPackage.loads(one) for one in broker.connection.lrange(broker.list_key, 0, -1)])


def unzipped(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return "\n".join(book.read(name).decode() for name in book.namelist())


def test_a_secret_is_nowhere_but_sealed(vendors, start_run, workspace, owner, settings, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    client = signed_in(owner)
    connect_everything(client)
    run = start_run(limit=3, cap=5_000_000, workspace=workspace)
    launch.change(run, "pause")
    launch.change(run, "resume")
    messages = queued()
    async_to_sync(pipeline.work_on)(run.pk)
    kimi, openai = vendors

    # They were used, refused and taken, and are there: what follows looks for what could be found.
    assert any(CANARY in str(headers) for headers in kimi.headers)
    assert any(CANARY in str(headers) for headers in openai.headers)
    assert ProviderCall.objects.filter(provider="openai", status="answered").exists()
    assert Connection.objects.get(provider="kimi").problem
    sealed = [sealing.opened(row.sealed_key) for row in Connection.objects.exclude(sealed_key="")]
    assert len(sealed) >= 4
    assert all(CANARY in secret for secret in sealed)
    assert str(run.pk) in messages

    places = {
        "rows": dumped(),
        "queue": messages + queued(),
        "CSV": client.get("/leads/export.csv?status=all").text,
        "XLSX": unzipped(client.get("/leads/export.xlsx?status=all").content),
        "log of the run": b"".join(client.get(f"/hunts/runs/{run.pk}/log.csv").streaming_content).decode(),
        "API": json.dumps([client.get(f"/api/{name}").json() for name in ("leads", "hunts", f"runs/{run.pk}")]),
    }
    settings.ADMIN_NEEDS_SECOND_STEP = False
    operator = signed_in(User.objects.create_superuser("operator@people.example", "a-good-password"))
    rows = world(workspace, owner) | {"run": run.pk}
    keys = [f"/admin/integrations/connection/{row.pk}/change/" for row in Connection.objects.all()]
    for who, visitor, pages in (("owner", client, addresses(rows)), ("operator", operator, keys)):
        visitor.raise_request_exception = False
        for page in pages:
            answer = visitor.get(page)
            places[f"{page} for {who}"] = "" if answer.streaming else answer.content.decode(errors="replace")
    places["logs"] = caplog.text + str([vars(record) for record in caplog.records]) + "".join(capfd.readouterr())
    assert [place for place, text in places.items() if CANARY in text] == []
