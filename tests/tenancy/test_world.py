"""The world of these tests has a row of everything, so that nothing is left out by mistake."""

import pytest
from django.db import models

from config.tenancy import OWNED
from tests.tenancy.world import build_world, digest_of, keys_of, owned_models, rows_of

pytestmark = pytest.mark.django_db

# Rows that have nothing to say in words of their own.
WORDLESS = frozenset(
    {
        "accounts.Membership",
        "accounts.NotificationPreference",
        "accounts.Reader",
        "accounts.SlackNews",
        "accounts.SupportOpening",
        "billing.Budget",
        "billing.SpendingLimit",
        "leads.DistinctPair",
    }
)


@pytest.fixture
def world():
    return build_world()


@pytest.mark.parametrize("whose", ["a", "b"])
def test_each_workspace_has_a_row_of_every_model_that_a_workspace_owns(world, whose):
    tenant = getattr(world, whose)
    missing = [label for label in OWNED if not rows_of(label, tenant).exists()]
    assert not missing, f"Plant a row of each of these in tests/tenancy/planting.py: {missing}"


def test_the_rows_of_a_workspace_have_its_word_in_their_texts_and_not_that_of_the_other(world):
    wordless = {label for label in OWNED if not any(world.b.word in text for text in texts(label, world.b))}
    assert wordless == WORDLESS, "Say the word of the tenant in some text of each row."
    for label in OWNED:
        assert not any(world.a.word in text for text in texts(label, world.b)), label
        assert not any(world.b.word in text for text in texts(label, world.a)), label


def texts(label: str, tenant) -> list[str]:
    said = (models.CharField, models.TextField, models.JSONField, models.BinaryField)
    names = [one.attname for one in owned_models()[label]._meta.concrete_fields if isinstance(one, said)]
    rows = rows_of(label, tenant).values_list(*names) if names else []
    return [bytes(v).decode() if isinstance(v, bytes | memoryview) else str(v) for row in rows for v in row]


def test_a_key_names_one_row_of_one_table(world):
    a, b = keys_of(world.a), keys_of(world.b)
    rows = sum(rows_of(label, tenant).count() for tenant in (world.a, world.b) for label in OWNED)
    people = len(world.a.people) + len(world.b.people)
    assert not a.keys() & b.keys()
    assert len(a) + len(b) == rows + people


def test_a_digest_tells_any_change_of_any_row(world):
    before = digest_of(world.b)
    assert digest_of(world.b) == before
    world.b["candidate"].reason = "another"
    world.b["candidate"].save(update_fields=["reason"])
    after = digest_of(world.b)
    assert {label for label in OWNED if before[label] != after[label]} == {"hunts.Candidate"}
