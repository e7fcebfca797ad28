"""The transfers of one list of PowerOffice Go, and of all of a company, into tables of any database."""

from __future__ import annotations

from types import MappingProxyType

from airflow_provider_poweroffice.tasks.company_to_sql import CompanyToSql
from airflow_provider_poweroffice.tasks.connections import PowerOfficeTask
from airflow_provider_poweroffice.tasks.to_sql import ToSql

__all__ = ["PowerOfficeCompanyToSqlOperator", "PowerOfficeToSqlOperator"]


class PowerOfficeToSqlOperator(PowerOfficeTask, ToSql):
    """
    Load a collection of PowerOffice Go into a table: all of :class:`ToSql`.

    :param poweroffice_conn_id: the Airflow connection (templated).

    .. seealso:: docs/sql.md for every argument
    """

    template_fields = (*ToSql.template_fields, "poweroffice_conn_id")
    other_class = MappingProxyType({"d365fo": "D365FOToSqlOperator, with d365fo_conn_id,"})


class PowerOfficeCompanyToSqlOperator(PowerOfficeTask, CompanyToSql):
    """
    Load several collections of a company of PowerOffice Go into tables: all of :class:`CompanyToSql`.

    ``load_company`` makes it, a mapped one for many companies.

    :param poweroffice_conn_id: the Airflow connection (templated).

    .. seealso:: docs/warehouse.md
    """

    template_fields = (*CompanyToSql.template_fields, "poweroffice_conn_id")
    other_class = MappingProxyType({"d365fo": "d365fo_conn_id of the group, or D365FOCompanyToSqlOperator,"})
    load_class = PowerOfficeToSqlOperator
