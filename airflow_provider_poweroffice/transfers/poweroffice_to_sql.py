"""The transfer of a list of PowerOffice Go into a table of any database Airflow knows."""

from __future__ import annotations

from types import MappingProxyType

from airflow_provider_poweroffice.tasks.connections import PowerOfficeTask
from airflow_provider_poweroffice.tasks.to_sql import ToSql

__all__ = ["PowerOfficeToSqlOperator"]


class PowerOfficeToSqlOperator(PowerOfficeTask, ToSql):
    """
    Load a collection of PowerOffice Go into a table: all of :class:`ToSql`.

    :param poweroffice_conn_id: the Airflow connection (templated).

    .. seealso:: docs/sql.md for every argument
    """

    template_fields = (*ToSql.template_fields, "poweroffice_conn_id")
    other_class = MappingProxyType({"d365fo": "D365FOToSqlOperator, with d365fo_conn_id,"})
