from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("hunts", "0010_engine")]

    operations: ClassVar = []
