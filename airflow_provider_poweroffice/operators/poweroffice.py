"""The operator of PowerOffice Go: one call, or one whole collection, to XCom."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.api.options import REFERENCES, check_choice, check_reference
from airflow_provider_poweroffice.tasks.base import check_path, check_query, check_reading, is_literal
from airflow_provider_poweroffice.tasks.call import CallTask, Request
from airflow_provider_poweroffice.tasks.connections import PowerOfficeTask
from airflow_provider_poweroffice.tasks.results import refuse_minted_keys

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.api.dialects.base import Dialect
    from airflow_provider_poweroffice.api.multipart import Files
    from airflow_provider_poweroffice.api.response import Response

__all__ = ["PowerOfficeOperator"]

AUTO = "auto"


class PowerOfficeOperator(PowerOfficeTask, CallTask):
    """
    Call PowerOffice Go and push the answer to XCom: all of :class:`CallTask`.

    :param endpoint: path below the base URL, such as ``Customers/42`` (templated).
    :param reference: of a POST: what identifies the record, up to 50 characters, unique among records of its
        kind; put into ``ExternalImportReference``, or the resource's own field for it. ``"auto"`` makes one
        of DAG, task, run and map index: the same at each retry, and after a clear (templated).
    :param on_refused_delete: ``"fail"`` (default), or ``"archive"``: a v1 record that is in use is archived.
    :param poweroffice_conn_id: the Airflow connection (templated).

    .. seealso:: docs/operators.md for every argument
    """

    template_fields = (*CallTask.template_fields, "endpoint", "reference", "poweroffice_conn_id")
    other_class = MappingProxyType({"d365fo": "D365FOEntityOperator, with d365fo_conn_id,"})
    too_large = (
        "Store a list with PowerOfficeToObjectStorageOperator, and a file or a report with "
        "PowerOfficeDownloadOperator, and hand on the path."
    )
    ui_color = "#dcefe4"

    def __init__(
        self,
        *,
        endpoint: str,
        reference: str | None = None,
        on_refused_delete: str = "fail",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.endpoint = endpoint
        self.reference = reference
        self.on_refused_delete = on_refused_delete
        refuse_minted_keys(endpoint)
        check_path(self, endpoint, self.catalogues)
        check_query(self.query)
        if self.method == "GET":
            check_reading(self, endpoint)
            for name in ("body", "files"):
                if getattr(self, name) is not None:
                    raise ValueError(f"{name} does not go with GET: name the method, such as method='POST'")
            if self.preview is not False:
                raise ValueError("preview does not go with GET, which writes nothing: name a writing method")
        if self.method == "PATCH" and self.changes is None:
            _check_patch(self.body)
        self._check_reference()
        check_choice("on_refused_delete", on_refused_delete, ("fail", "archive"))
        if on_refused_delete == "archive" and is_literal(self.method) and self.method != "DELETE":
            raise ValueError(f"on_refused_delete='archive' needs method='DELETE', not {self.method!r}")

    def request(self) -> Request:
        """Give the call as it was asked for."""
        return Request(method=self.method, endpoint=self.endpoint, query=self.query, headers=self.headers)

    def content(self, dialect: Dialect[Any], request: Request, context: Context) -> Any:
        """
        Give the body, with the reference.

        :raises ValueError: the resource has none, or the body has another.
        """
        body = super().content(dialect, request, context)
        if self.reference is None:
            return body
        from airflow_provider_poweroffice.api.writes.identity import reference_of, with_reference

        if self.reference == AUTO:
            ti = context["ti"]
            value = reference_of(ti.dag_id, ti.task_id, ti.run_id, ti.map_index)
        else:
            value = check_reference(str(self.reference))
        return with_reference(dialect, request.endpoint, body, value)

    @property
    def is_stable(self) -> bool:
        """Tell whether a retry of the task surely makes the same write, as by a reference of its own."""
        return self.reference == AUTO or super().is_stable

    def _check_reference(self) -> None:
        """
        Refuse, while the DAG file is read, a reference that cannot be sent; templates are not looked at.

        :raises ValueError: names the argument, its value and the way out.
        """
        if isinstance(self.body, Mapping):
            _check_references(self.body)
        if self.reference is None:
            return
        if self.reference != AUTO and is_literal(self.reference):
            check_reference(self.reference)
        if is_literal(self.method) and self.method != "POST":
            raise ValueError(f"reference needs method='POST', not {self.method!r}")
        if self.idempotent is not None:
            raise ValueError("reference goes without idempotent: with it the server takes the call once")
        if self.files is not None or (self.body is None and is_literal(self.body)):
            raise ValueError("reference needs body={...}, the record that it is put into")

    def _send(self, client: Client, request: Request, files: Files | None) -> Response:
        if self.on_refused_delete != "archive":
            return super()._send(client, request, files)
        from airflow_provider_poweroffice.api.archive import delete_or_archive
        from airflow_provider_poweroffice.tasks.company import labelled
        from airflow_provider_poweroffice.tasks.results import told

        monotonic = client.connection.clock.monotonic
        began = monotonic()
        answer = delete_or_archive(client, request.endpoint, query=request.query, headers=request.headers)
        what = "" if answer.method == "DELETE" else "archived: "
        line = told(client, request.endpoint, answer, monotonic() - began)
        self.log.info("%s", labelled(self.company, what + line))
        return answer


def _check_references(body: Mapping[str, Any]) -> None:
    for name, value in body.items():
        if str(name).lower() in REFERENCES and isinstance(value, str) and value and is_literal(value):
            check_reference(value, f"body[{name!r}]")


def _check_patch(body: Any) -> None:
    """Refuse a body that no PATCH takes, unless it is a template; only v2 has the method."""
    if isinstance(body, str) or not (isinstance(body, Mapping) or is_literal(body)):
        return
    from airflow_provider_poweroffice.api.dialects.registry import DIALECTS

    try:
        DIALECTS["v2"].check_body("PATCH", body)
    except ValueError as error:
        raise ValueError(f"{error}; v1 has no PATCH") from None
