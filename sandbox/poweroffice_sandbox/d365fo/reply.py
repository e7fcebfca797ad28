"""
The error bodies of Finance & Operations.

Rule: one function for each shape. Those of X++ exceptions in services and of OData writes are from captures;
the others are assumed.
"""

from __future__ import annotations

from ..core.reply import RefusedError, Reply, as_json
from .state import D365FOState

_WRITE = "Microsoft.Dynamics.Platform.Integration.Services.OData.AxODataWriteException"
_STACK = "   at Microsoft.Dynamics.Platform.Integration.Services.OData.Update.UpdateProcessor.Save()"


def odata_error(status: int, message: str, kind: str = "") -> RefusedError:
    """
    Make an OData error; the text is in ``innererror`` when it has a type.

    :param kind: the .NET type of the exception; empty for an error without ``innererror``.
    """
    if not kind:
        return RefusedError(_odata(status, {"code": "", "message": message}))
    inner = {"message": message, "type": kind, "stacktrace": _STACK}
    return RefusedError(
        _odata(status, {"code": "", "message": "An error has occurred.", "innererror": inner})
    )


def _odata(status: int, error: object) -> Reply:
    reply = as_json(status, {"error": error}, OData_Version="4.0")
    kind = "application/json; odata.metadata=minimal; odata.streaming=true"
    return Reply(reply.status, reply.body, {**reply.headers, "Content-Type": kind})


def write_failed(status: int, entity: str, infolog: str) -> RefusedError:
    """
    Make the error of a refused write.

    :param infolog: the lines, with ``; `` between.
    """
    return odata_error(status, f"Write failed for table row of type '{entity}'. Infolog: {infolog}.", _WRITE)


def nothing_selected() -> RefusedError:
    """Make the 400 of a write to a key that is not there, or in another company."""
    return odata_error(400, "No resources were found when selecting for update.", _WRITE)


def service_error(state: D365FOState, status: int, message: str, kind: str) -> RefusedError:
    """Make the error of a service operation."""
    body = {"Message": message, "ExceptionType": kind, "ActivityId": state.new_id()}
    return RefusedError(as_json(status, body))


def xpp_exception(state: D365FOState, text: str, kind: str) -> RefusedError:
    r"""
    Make the error of an X++ exception; the misspelt prefix is the service's own.

    :param text: the infolog; lines with ``\n`` between.
    """
    message = f"An exception occured when invoking the operation - {text}"
    return service_error(state, int(state.switches.service_error), message, kind)


def unauthorized(state: D365FOState) -> Reply:
    """Make the 401 of a token that is missing, expired, for another audience, or of an unknown app."""
    headers = {}
    if state.switches.www_authenticate == "present":
        headers["WWW-Authenticate"] = 'Bearer authorization_uri="https://login.microsoftonline.com/common"'
    if state.switches.unauthorized_body == "empty":
        return Reply(401, b"", headers)
    reply = as_json(401, {"Message": "Authorization has been denied for this request."})
    return Reply(401, reply.body, {**reply.headers, **headers})


def no_privilege(state: D365FOState, what: str) -> RefusedError:
    """Make the answer to a user without the privilege."""
    text = f"Access denied to {what}. The user lacks the required privilege."
    if state.switches.no_privilege == "500":
        return xpp_exception(state, text, "AccessDeniedException")
    return RefusedError(as_json(403, {"Message": text}))
