"""Every table says what it holds of people outside, so that nothing new can be forgotten when one is to be erased."""

import pytest
from django.apps import apps
from django.db import models

from config import tenancy
from hunts.privacy.registry import NONE, NONE_APPS, PERSONAL

WORDS = (models.CharField, models.TextField, models.JSONField, models.BinaryField, models.FileField)
OURS = [model for model in apps.get_models() if model._meta.app_label not in NONE_APPS]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_table_says_whether_it_holds_anything_of_people(model):
    label = model._meta.label
    assert (label in PERSONAL) != (label in NONE), (
        f"{label}: say in hunts/privacy/registry.py what it holds of people, or why nothing"
    )


@pytest.mark.parametrize("label", PERSONAL)
def test_every_column_with_words_says_whose_they_are(label):
    held, model = PERSONAL[label], apps.get_model(label)
    words = {field.name for field in model._meta.concrete_fields if isinstance(field, WORDS) and not field.choices}
    assert words - {*held.columns, *held.ours} == set()
    assert {*held.columns, *held.ours} - {field.name for field in model._meta.concrete_fields} == set()
    assert set(held.own) <= set(held.columns)
    assert held.workspace == tenancy.OWNED.get(label, "")


def test_nothing_is_declared_that_is_not_there():
    labels = {model._meta.label for model in OURS}
    assert {*PERSONAL, *NONE} - labels == set()
