"""The transfers of Finance & Operations to object storage and to tables: of an entity, and of a company."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from airflow_provider_poweroffice.tasks.company_to_object_storage import CompanyToObjectStorage
from airflow_provider_poweroffice.tasks.company_to_sql import CompanyToSql
from airflow_provider_poweroffice.tasks.connections import D365FOTask
from airflow_provider_poweroffice.tasks.to_object_storage import ToObjectStorage
from airflow_provider_poweroffice.tasks.to_sql import ToSql

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.tasks.table_load import LoadSettings

__all__ = [
    "D365FOCompanyToObjectStorageOperator",
    "D365FOCompanyToSqlOperator",
    "D365FOToObjectStorageOperator",
    "D365FOToSqlOperator",
]


class D365FOToObjectStorageOperator(D365FOTask, ToObjectStorage):
    """
    Copy an entity of Finance & Operations to one object: all of :class:`ToObjectStorage`.

    :param endpoint: the entity set, such as ``CustomersV3`` (templated).
    :param company: a legal entity; None reads all that the app's user may (templated).
    :param d365fo_conn_id: the Airflow connection (templated).

    .. seealso:: docs/d365fo.md, docs/operators.md
    """

    template_fields = (*ToObjectStorage.template_fields, "d365fo_conn_id")
    other_class = MappingProxyType({"poweroffice": "PowerOfficeToObjectStorageOperator"})

    def told_kinds(self, client: Client) -> Mapping[str, str]:
        """Give the kinds of fields that the entity's metadata tells."""
        from airflow_provider_poweroffice.api.call import encode_query
        from airflow_provider_poweroffice.api.d365fo.metadata import entity_kinds

        return entity_kinds(client, self.endpoint, encode_query(self.query))


class D365FOToSqlOperator(D365FOTask, ToSql):
    """
    Load an entity of Finance & Operations into a table: all of :class:`ToSql`.

    :param endpoint: the entity set, such as ``CustomersV3`` (templated).
    :param key: default the entity's own key, which its metadata tells.
    :param company: a legal entity; None reads all that the app's user may (templated).
    :param d365fo_conn_id: the Airflow connection (templated).

    .. seealso:: docs/d365fo.md, docs/sql.md
    """

    template_fields = (*ToSql.template_fields, "d365fo_conn_id")
    other_class = MappingProxyType({"poweroffice": "PowerOfficeToSqlOperator"})

    def completed(self, settings: LoadSettings, client: Client) -> LoadSettings:
        """Take key and kinds from the entity's metadata, and let a key that is given order the pages."""
        import msgspec

        from airflow_provider_poweroffice.api.call import encode_query
        from airflow_provider_poweroffice.api.d365fo.metadata import entity_key, entity_kinds

        if self.key is None:
            key = entity_key(client, self.endpoint, needed=self.mode == "upsert") or self.paging.key
        else:
            key = self.key
        typed = self.layout == "columns"
        kinds = entity_kinds(client, self.endpoint, encode_query(self.query)) if typed else {}
        return msgspec.structs.replace(settings, read=replace(settings.read, key=key), key=key, kinds=kinds)


class D365FOCompanyToSqlOperator(D365FOTask, CompanyToSql):
    """
    Load several entities of a legal entity into tables: all of :class:`CompanyToSql`.

    ``load_company(d365fo_conn_id=...)`` makes it, a mapped one for many companies.

    :param d365fo_conn_id: the Airflow connection (templated).

    .. seealso:: docs/warehouse.md
    """

    template_fields = (*CompanyToSql.template_fields, "d365fo_conn_id")
    other_class = MappingProxyType(
        {"poweroffice": "poweroffice_conn_id of the group, or PowerOfficeCompanyToSqlOperator,"}
    )
    load_class = D365FOToSqlOperator


class D365FOCompanyToObjectStorageOperator(D365FOTask, CompanyToObjectStorage):
    """
    Copy several entities of a legal entity to objects: all of :class:`CompanyToObjectStorage`.

    ``company_to_object_storage(d365fo_conn_id=...)`` makes it, a mapped one for many companies.

    :param d365fo_conn_id: the Airflow connection (templated).

    .. seealso:: docs/companies.md
    """

    template_fields = (*CompanyToObjectStorage.template_fields, "d365fo_conn_id")
    other_class = MappingProxyType(
        {"poweroffice": "poweroffice_conn_id of the group, or PowerOfficeCompanyToObjectStorageOperator,"}
    )
    load_class = D365FOToObjectStorageOperator
