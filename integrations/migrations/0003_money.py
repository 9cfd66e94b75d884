from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("integrations", "0002_connections_and_shared_documents")]

    operations: ClassVar = [
        migrations.AddField("providercall", "model", models.CharField(blank=True, max_length=100)),
    ]
