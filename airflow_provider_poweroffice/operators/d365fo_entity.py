"""The operator for rows of an entity of Finance & Operations: read, create, change, delete, act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.api.d365fo.entities import entity_path
from airflow_provider_poweroffice.hooks.d365fo import D365FOHook
from airflow_provider_poweroffice.links import D365FODocsLink
from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator
from airflow_provider_poweroffice.tasks.company import report_company
from airflow_provider_poweroffice.tasks.failures import fail_task_when_final
from airflow_provider_poweroffice.tasks.service_call import given

if TYPE_CHECKING:
    from airflow.sdk import Context


class D365FOEntityOperator(PowerOfficeOperator):
    """
    Call an entity by OData and push the answer to XCom.

    All of :class:`~airflow_provider_poweroffice.operators.poweroffice.PowerOfficeOperator` holds here too;
    the endpoint is made from entity, key and action, so that no value is pasted into a URL.

    :param entity: name of the set, such as ``CustomersV3``; case counts (templated).
    :param key: every key field of one row with its value (templated). A text from a template that stands for
        something else is ``(text, type)``: ``{"LineNumber": ("{{ params.line }}", "number")}``.
    :param action: an OData action of the set or the row, called by POST with ``body`` (templated).
    :param etag: the row's ``@odata.etag`` from an earlier read, or ``*``: PATCH, PUT and DELETE are refused
        with ``ConflictError`` when the row has changed since (templated).
    :param cross_company: True reaches all companies of the app's user, False only its own; default True where
        key or filter name ``dataAreaId`` (templated).
    :param d365fo_conn_id: the Airflow connection (templated).

    The other parameters are those of ``PowerOfficeOperator``.

    .. seealso:: docs/d365fo.md
    """

    template_fields: Sequence[str] = (
        *(name for name in PowerOfficeOperator.template_fields if name != "endpoint"),
        "entity",
        "key",
        "action",
        "etag",
        "cross_company",
    )
    none_means_unset = PowerOfficeOperator.none_means_unset | {"cross_company"}
    template_fields_renderers = {**PowerOfficeOperator.template_fields_renderers, "key": "json"}  # noqa: RUF012
    operator_extra_links = (D365FODocsLink(),)  # type: ignore[assignment]  # the same kind of link, elsewhere
    ui_color = "#e3dff2"

    def __init__(
        self,
        *,
        entity: str,
        key: Mapping[str, Any] | None = None,
        action: str | None = None,
        etag: str | None = None,
        cross_company: bool | str | None = None,
        d365fo_conn_id: str = D365FOHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(endpoint="", poweroffice_conn_id=d365fo_conn_id, **kwargs)
        self.entity = entity
        self.key = key
        self.action = action
        self.etag = etag
        self.cross_company = cross_company

    def execute(self, context: Context) -> Any:
        """
        Make the call.

        :return: plain JSON, see ``response``; rows without their envelope.
        """
        action = self.action if given(self.action) else None
        with fail_task_when_final(), report_company(context, self.company):
            self.endpoint = entity_path(self.entity, self.key, action=action)
        if action and self.method == "GET" and not self.paginate:
            self.method = "POST"
        if given(self.etag):
            self.headers = {**(self.headers or {}), "If-Match": str(self.etag)}
        if given(self.cross_company):
            self.query = {**(self.query or {}), "cross-company": self.cross_company}
        return super().execute(context)
