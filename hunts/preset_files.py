"""A new file of companies for a preset: it becomes a list of its own, and the one before stays as it is."""

from itertools import chain, count

from django.core.files.uploadedfile import UploadedFile

from accounts.models import Workspace
from hunts.uploads import saved
from leads.importing import ImportReport, import_companies
from leads.models import CompanyList

LONGEST_NAME = 180  # room for a number behind it


def read(upload: "UploadedFile[bytes]", workspace: Workspace) -> ImportReport:
    """Read an uploaded file into a new list of the workspace. Raises ImportFailed."""
    with saved(upload) as path:
        return import_companies(path, workspace=workspace, list_name=_free_name(upload.name or "upload", workspace))


def _free_name(name: str, workspace: Workspace) -> str:
    """Return a name that no list has: an import into one that is there would only add to it."""
    begin = name[:LONGEST_NAME]
    taken = set(CompanyList.objects.filter(workspace=workspace, name__startswith=begin).values_list("name", flat=True))
    return next(one for one in chain([begin], (f"{begin} ({n})" for n in count(2))) if one not in taken)
