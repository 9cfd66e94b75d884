"""A letter a criterion with each candidate: how often each criterion was met is counted from them."""

from itertools import groupby, islice

from django.db import migrations, models

LETTERS = {"yes": "y", "no": "n", "unclear": "u", "unverified": "v"}
BATCH = 500  # candidates at a time


def fill(apps, schema_editor):
    """Write the letters of what is judged already."""
    Candidate = apps.get_model("hunts", "Candidate")
    Evidence = apps.get_model("leads", "Evidence")
    judged = Candidate.objects.exclude(assessment=None).select_related("run").order_by("pk")
    columns = judged.only("assessment", "run__icp_json").iterator(chunk_size=BATCH)
    while batch := list(islice(columns, BATCH)):
        rows = Evidence.objects.filter(assessment__in={one.assessment_id for one in batch}).order_by("assessment")
        told = rows.values_list("assessment", "text", "kind", "verdict")
        verdicts = {
            pk: {(text, kind): LETTERS[verdict] for _pk, text, kind, verdict in group}
            for pk, group in groupby(told, key=lambda row: row[0])
        }
        for one in batch:
            asked = [(c["text"][:500], c["kind"]) for c in one.run.icp_json.get("criteria", [])]
            of_it = verdicts.get(one.assessment_id, {})
            one.answers = "".join(of_it.get(question, "-") for question in asked)
        Candidate.objects.bulk_update(batch, ["answers"])


class Migration(migrations.Migration):
    dependencies = [("hunts", "0017_log_by_level"), ("leads", "0010_known_since")]

    operations = [
        migrations.AddField(
            model_name="candidate",
            name="answers",
            field=models.CharField(
                blank=True,
                default="",
                help_text="its verdicts, a letter a criterion: see hunts/answers.py",
                max_length=100,
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
