"""Uploaded files, on disk for as long as they are read."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile


@contextmanager
def saved(upload: "UploadedFile[bytes]") -> Iterator[Path]:
    """Lay an upload into a folder of its own under a name of ours; both are gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        with path.open("wb") as stream:
            for chunk in upload.chunks():
                stream.write(chunk)
        yield path
