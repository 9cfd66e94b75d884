"""Files of companies that people upload: read into a list, on disk for as long as that takes."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from accounts.models import User, Workspace
from leads.importing import ImportReport, import_companies
from leads.models import CompanyList

LONGEST_NAME = 200
ROOM_FOR_A_NUMBER = 20


def read(upload: "UploadedFile[bytes]", workspace: Workspace, *, by: User) -> ImportReport:
    """Read an uploaded file into the workspace's list of that name. Raises ImportFailed."""
    return _read(upload, workspace, by, (upload.name or "upload")[:LONGEST_NAME])


def read_anew(upload: "UploadedFile[bytes]", workspace: Workspace, *, by: User) -> ImportReport:
    """Read an uploaded file into a new list of the workspace: the others stay as they are. Raises ImportFailed."""
    return _read(upload, workspace, by, _free_name(upload.name or "upload", workspace))


def left_out(report: ImportReport, upload: "UploadedFile[bytes]") -> str:
    """Return '' or how many rows of a file could not be used."""
    if not report.rejected:
        return ""
    return _("%(good)s companies were read from %(file)s; %(bad)s rows could not be used.") % {
        "good": report.imported + report.updated,
        "file": upload.name,
        "bad": report.rejected,
    }


def _read(upload: "UploadedFile[bytes]", workspace: Workspace, by: User, list_name: str) -> ImportReport:
    with _saved(upload) as path:
        return import_companies(path, workspace=workspace, by=by, list_name=list_name)


@contextmanager
def _saved(upload: "UploadedFile[bytes]") -> Iterator[Path]:
    """Lay an upload into a folder of its own under a name of ours; both are gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        with path.open("wb") as stream:
            for chunk in upload.chunks():
                stream.write(chunk)
        yield path


def _free_name(name: str, workspace: Workspace) -> str:
    """Return a name that no list has: an import into one that is there would only add to it."""
    begin = name[: LONGEST_NAME - ROOM_FOR_A_NUMBER]
    named = CompanyList.objects.visible_to(workspace).filter(name__startswith=begin)
    taken = set(named.values_list("name", flat=True))
    return next(one for one in chain([begin], (f"{begin} ({n})" for n in count(2))) if one not in taken)
