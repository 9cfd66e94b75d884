"""Outside services, one file each. Importing this package registers them all."""

import importlib
import pkgutil

from integrations.providers.registry import REGISTRY, ProviderInfo, name_of, register

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["REGISTRY", "ProviderInfo", "name_of", "register"]
