"""The list of who owns what is whole, and leads where it says."""

from django.apps import apps
from django.db.models import ForeignKey

from accounts.models import Workspace
from config import row_security
from config.tenancy import OWNED, READABLE_WITHOUT_OWNER, SHARED, SHARED_APPS


def test_every_table_says_whose_its_rows_are():
    unsaid = [
        model._meta.label
        for model in apps.get_models()
        if model._meta.label not in {*OWNED, *SHARED} and model._meta.app_label not in SHARED_APPS
    ]
    assert not unsaid, f"Say in config/tenancy.py whose the rows of these are: {unsaid}"


def test_nothing_is_said_twice_or_of_a_table_that_is_gone():
    there = {model._meta.label for model in apps.get_models()}
    assert set(OWNED) <= there and set(SHARED) <= there
    assert not OWNED.keys() & SHARED.keys()
    assert OWNED.keys() >= READABLE_WITHOUT_OWNER
    assert {label.partition(".")[0] for label in (*OWNED, *SHARED)}.isdisjoint(SHARED_APPS)
    assert {config.label for config in apps.get_app_configs()} >= SHARED_APPS


def test_every_way_to_the_owner_leads_to_a_workspace():
    for label, path in OWNED.items():
        model = apps.get_model(label)
        for step in path.split("__"):
            if step == "pk":
                continue
            field = model._meta.get_field(step)
            assert isinstance(field, ForeignKey), f"{label}: {step} is no foreign key"
            model = field.related_model
        assert model is Workspace, f"{label}: {path} leads to {model.__name__}"


def test_no_table_that_is_shared_names_a_workspace():
    """What has a workspace's number is the workspace's."""
    for model in row_security.declared():
        if model._meta.label not in OWNED:
            names = [field.name for field in model._meta.concrete_fields if field.related_model is Workspace]
            assert not names, model._meta.label


def test_the_table_of_workspaces_is_opened_last():
    """The web takes the right to it for the sign that the wall is whole."""
    assert row_security.declared()[-1] is Workspace
