"""The API's way to delete a workspace and to bring it back: owners alone."""

from ninja import Router, Status

from accounts import workspaces
from accounts.api import PROBLEMS, ProblemOut, needs
from accounts.middleware import MemberRequest
from accounts.roles import Right
from hunts import closing

router = Router(tags=["workspace"])


@router.post("/delete", response={204: None, **PROBLEMS, 409: ProblemOut}, operation_id="delete_workspace")
def delete_workspace(request: MemberRequest) -> Status[None]:
    """Cancel what goes on and delete the workspace. For 14 days it can be read and brought back."""
    needs(request, Right.OWN)
    if not hasattr(request, "api_token"):
        request.session["workspace"] = request.workspace.pk  # to stay in it, where it can be brought back
    closing.delete_workspace(request.workspace, by=request.user)
    return Status(204, None)


@router.post("/restore", response={204: None, **PROBLEMS, 409: ProblemOut}, operation_id="restore_workspace")
def restore_workspace(request: MemberRequest) -> Status[None]:
    """Bring a deleted workspace back; what was cancelled stays so. 409 where it is not deleted, or one is no owner."""
    workspaces.bring_back(request.workspace, by=request.user)
    return Status(204, None)
