from django.apps import AppConfig


class MeetsConfig(AppConfig):
    name = "meets"
    verbose_name = "Meets"

    def ready(self) -> None:
        from meets import checks  # noqa: F401  registers the system checks
