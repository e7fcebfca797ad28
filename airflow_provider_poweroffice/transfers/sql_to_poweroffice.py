"""The transfer of a query's rows into PowerOffice Go."""

from __future__ import annotations

from types import MappingProxyType

from airflow_provider_poweroffice.tasks.batch import QueryBatch
from airflow_provider_poweroffice.tasks.connections import PowerOfficeTask

__all__ = ["SqlToPowerOfficeOperator"]


class SqlToPowerOfficeOperator(PowerOfficeTask, QueryBatch):
    """
    Write the rows of a query to PowerOffice Go v2, each once: all of :class:`QueryBatch`.

    :param poweroffice_conn_id: the Airflow connection (templated).

    .. seealso:: docs/writing.md, docs/operators.md
    """

    template_fields = (*QueryBatch.template_fields, "poweroffice_conn_id")
    other_class = MappingProxyType({"d365fo": "D365FOEntityOperator, mapped over the rows,"})
