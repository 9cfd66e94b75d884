"""The files that pages load, as production serves them."""

import re
from pathlib import Path

from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import override_settings

MOST_BYTES = 150_000


def test_all_files_can_be_collected_under_hashed_names(tmp_path):
    storage = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    default = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    with override_settings(STATIC_ROOT=str(tmp_path), STORAGES={"staticfiles": storage, "default": default}):
        call_command("collectstatic", interactive=False, verbosity=0)
    styles = next(tmp_path.glob("src/app.*.css")).read_text()
    font = re.search(r"\.\./vendor/(inter-latin\.[0-9a-f]+\.woff2)", styles)[1]
    assert (tmp_path / "vendor" / font).exists()


def test_our_own_scripts_and_styles_stay_small():
    sizes = [Path(finders.find(f"src/{name}")).stat().st_size for name in ("app.css", "app.js", "theme.js")]
    assert sum(sizes) < MOST_BYTES // 4
