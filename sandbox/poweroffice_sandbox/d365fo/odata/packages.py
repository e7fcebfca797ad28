"""
Data management: the actions of ``DataManagementDefinitionGroups``, and the packages they make.

Rule: an export works to the end, with a zip file that can be fetched; an import is taken and fails, as
nothing reads packages here. Names, parameters and statuses are those of Microsoft's page "Data management
package REST API"; a package holds a CSV file for each entity, and an empty manifest.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import Any

from ...core.asgi import Incoming
from ...core.reply import Reply
from ..call import Call
from ..entities import ENTITIES
from ..model import COMPANY, NAMESPACE
from ..state import D365FOState
from ..store import Record
from .action import Action, ThrownError

FOLDER = "dmf"
"""The first segment of a package's URL, which needs no token: its query is the permission."""

_GROUPS, _DETAILS = "DataManagementDefinitionGroups", "DataManagementDefinitionGroupDetails"
_TEXT, _FLAG = "Edm.String", "Edm.Boolean"
_STATUS = f"{NAMESPACE}.DMFExecutionSummaryStatus"
_MANIFEST = '<?xml version="1.0" encoding="utf-8"?>\n<DataManagementPackageManifest/>'
_HEADER = '<?xml version="1.0" encoding="utf-8"?>\n<DataManagementPackageHeader/>'
_SIGNED = "sv=2019-02-02&sr=b"
_CREATED = (2025, 1, 1, 0, 0, 0)


def _export(call: Call, _record: Record | None, given: dict[str, Any]) -> str:
    group, company = (
        str(given["definitionGroupId"]),
        str(given["legalEntityId"] or call.grant.app.company).lower(),
    )
    if not any(item.row["Name"] == group for item in call.state.table(_GROUPS).records.values()):
        raise ThrownError(f"The data project {group} does not exist.")
    if company not in call.grant.app.companies:
        raise ThrownError(f"The legal entity {company} does not exist.")
    return _started(call, given, {"group": group, "company": company, "import": False})


def _import(call: Call, _record: Record | None, given: dict[str, Any]) -> str:
    return _started(call, given, {"group": str(given["definitionGroupId"]), "company": "", "import": True})


def _started(call: Call, given: dict[str, Any], execution: dict[str, Any]) -> str:
    name = str(given["executionId"] or "") or f"{execution['group']}-{call.state.new_id()}"
    if name in call.state.executions and not given.get("reExecute"):
        raise ThrownError(f"The execution {name} already exists.")
    call.state.executions[name] = {**execution, "polls": 0, "signature": call.state.new_id()}
    return name


def _status(call: Call, _record: Record | None, given: dict[str, Any]) -> str:
    execution = call.state.executions.get(str(given["executionId"]))
    if execution is None:
        return "Unknown"
    execution["polls"] += 1
    if execution["polls"] <= call.switches.export_polls:
        return "Executing"
    return "Failed" if execution["import"] else "Succeeded"


def _errors(call: Call, _record: Record | None, given: dict[str, Any]) -> str:
    execution = call.state.executions.get(str(given["executionId"]))
    failed = execution is not None and execution["import"]
    return json.dumps(
        [{"RecordId": "", "ErrorMessage": "This environment does not import packages."}] if failed else []
    )


def _url(call: Call, _record: Record | None, given: dict[str, Any]) -> str:
    name = str(given["executionId"])
    execution = call.state.executions.get(name)
    if execution is None or execution["import"] or execution["polls"] <= call.switches.export_polls:
        return ""
    return f"{call.incoming.origin}/{FOLDER}/{name}.zip?{_SIGNED}&sp=r&sig={execution['signature']}"


def _write_url(call: Call, _record: Record | None, given: dict[str, Any]) -> str:
    url = (
        f"{call.incoming.origin}/{FOLDER}/{given['uniqueFileName']}?{_SIGNED}&sp=w&sig={call.state.new_id()}"
    )
    return json.dumps({"BlobId": "{" + call.state.new_id().upper() + "}", "BlobUrl": url})


def _message(_call: Call, _record: Record | None, _given: dict[str, Any]) -> str:
    return "Enqueued"


def _nothing(_call: Call, _record: Record | None, _given: dict[str, Any]) -> None:
    return None


def _of_set(run: Any, returns: str, *parameters: str) -> Action:
    flags = {"reExecute", "execute", "overwrite"}
    given = tuple((name, _FLAG if name in flags else _TEXT) for name in parameters)
    return Action(run, on_row=False, parameters=given, returns=returns)


_EXPORT = ("definitionGroupId", "packageName", "executionId", "reExecute", "legalEntityId")
_IMPORT = ("packageUrl", "definitionGroupId", "executionId", "execute", "overwrite", "legalEntityId")
ACTIONS: dict[str, Action] = {
    "ExportToPackage": _of_set(_export, _TEXT, *_EXPORT),
    "ExportToPackageAsync": _of_set(_export, _TEXT, *_EXPORT, "entityList"),
    "GetExecutionSummaryStatus": _of_set(_status, _STATUS, "executionId"),
    "GetExecutionErrors": _of_set(_errors, _TEXT, "executionId"),
    "GetExportedPackageUrl": _of_set(_url, _TEXT, "executionId"),
    "GetAzureWriteUrl": _of_set(_write_url, _TEXT, "uniqueFileName"),
    "ImportFromPackage": _of_set(_import, _TEXT, *_IMPORT),
    "ImportFromPackageAsync": _of_set(_import, _TEXT, *_IMPORT),
    "GetMessageStatus": _of_set(_message, f"{NAMESPACE}.DMFMessageStatus", "messageId"),
    "InitializeDataManagement": _of_set(_nothing, ""),
    "InitializeDataManagementAsync": _of_set(_nothing, ""),
}
"""By name; all are bound to the set."""


def file_answer(incoming: Incoming, state: D365FOState, name: str) -> Reply:
    """
    Answer GET of an exported package's URL, and PUT of one to be imported, which is dropped.

    :param name: the file's.
    """
    signature = incoming.query.get("sig", "")
    if incoming.method == "PUT":
        return Reply(201 if signature else 403)
    execution = state.executions.get(name.removesuffix(".zip"))
    if execution is None or signature != execution["signature"]:
        body = b'<?xml version="1.0" encoding="utf-8"?><Error><Code>AuthenticationFailed</Code></Error>'
        return Reply(403, body, {"Content-Type": "application/xml"})
    return Reply(200, _package(state, execution), {"Content-Type": "application/octet-stream"})


def _package(state: D365FOState, execution: dict[str, Any]) -> bytes:
    by_title = {entity.title: entity for entity in ENTITIES.values()}
    details = [item.row for item in state.table(_DETAILS).records.values()]
    names = [row["EntityName"] for row in details if row["DefinitionGroupId"] == execution["group"]]
    files = {"Manifest.xml": _MANIFEST, "PackageHeader.xml": _HEADER}
    for name in names:
        entity, text = by_title[name], io.StringIO()
        writer = csv.DictWriter(text, [item.name.upper() for item in entity.fields if item.name != COMPANY])
        writer.writeheader()
        for record in state.table(entity.set_name).records.values():
            if record.row.get(COMPANY, execution["company"]) == execution["company"]:
                writer.writerow({key.upper(): value for key, value in record.row.items() if key != COMPANY})
        files[f"{name}.csv"] = text.getvalue()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _CREATED), content)
    return packed.getvalue()
