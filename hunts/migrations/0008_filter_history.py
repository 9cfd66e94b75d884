"""What each set of filters brought, and a run's limit of qualified leads."""

from typing import ClassVar

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0001_initial"), ("hunts", "0007_identity")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="hunt",
            name="max_leads",
            field=models.PositiveIntegerField(
                blank=True, help_text="a run stops when so many are qualified", null=True
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="max_leads",
            field=models.PositiveIntegerField(help_text="it stops when so many are qualified", null=True),
        ),
        migrations.AddConstraint(
            model_name="hunt",
            constraint=models.CheckConstraint(
                condition=models.Q(("max_leads", 0), _negated=True), name="a_hunt_wants_a_lead"
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=models.Q(("max_leads", 0), _negated=True), name="a_run_wants_a_lead"
            ),
        ),
        migrations.CreateModel(
            name="FilterHistory",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("filters_sha256", models.CharField(max_length=64)),
                ("source", models.CharField(max_length=12)),
                ("limit", models.PositiveIntegerField(help_text="how many companies were asked for")),
                ("total", models.PositiveIntegerField(help_text="how many were found")),
                ("new", models.PositiveIntegerField(help_text="how many of them the workspace did not know")),
                (
                    "novelty",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(then=models.Value(0.0), total=0),
                            default=models.ExpressionWrapper(
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.Value(1.0), "*", models.F("new")
                                    ),
                                    "/",
                                    models.F("total"),
                                ),
                                output_field=models.FloatField(),
                            ),
                            output_field=models.FloatField(),
                        ),
                        output_field=models.FloatField(),
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "run",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="filter_history",
                        to="hunts.run",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="filter_history",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={"verbose_name_plural": "filter history"},
        ),
        migrations.AddIndex(
            model_name="filterhistory",
            index=models.Index(
                models.F("workspace"),
                models.F("filters_sha256"),
                models.OrderBy(models.F("created_at"), descending=True),
                name="filters_by_age",
            ),
        ),
        migrations.AddIndex(
            model_name="filterhistory",
            index=models.Index(
                models.F("workspace"),
                models.F("source"),
                models.OrderBy(models.F("created_at"), descending=True),
                name="filters_by_source",
            ),
        ),
        migrations.AddConstraint(
            model_name="filterhistory",
            constraint=models.CheckConstraint(
                condition=models.Q(("new__lte", models.F("total"))), name="no_more_new_than_found"
            ),
        ),
    ]
