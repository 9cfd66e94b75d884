from django.apps import AppConfig


class ConfigApp(AppConfig):
    name = "config"
    verbose_name = "Magnet Hunter"

    def ready(self) -> None:
        from config import checks  # noqa: F401  (importing registers the checks)
