from django.apps import AppConfig, apps
from django.contrib.admin.apps import AdminConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class OperatorsConsole(AdminConfig):
    """Django's admin behind our own door."""

    default_site = "accounts.operators.OperatorsSite"


class ConfigApp(AppConfig):
    name = "config"
    verbose_name = "Magnet Hunter"

    def ready(self) -> None:
        from accounts import wall
        from config import checks, row_security  # noqa: F401  (importing registers the checks)

        connection_created.connect(wall.guard, dispatch_uid="wall")
        # Sent for each app, after the migrations of all of them: once is enough.
        post_migrate.connect(
            row_security.after_migrate, sender=apps.get_app_config("accounts"), dispatch_uid="row_security"
        )
