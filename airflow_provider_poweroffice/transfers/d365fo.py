"""The transfers of an entity of Finance & Operations, to object storage and to a table."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from airflow_provider_poweroffice.tasks.connections import D365FOTask
from airflow_provider_poweroffice.tasks.to_object_storage import ToObjectStorage
from airflow_provider_poweroffice.tasks.to_sql import ToSql

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.tasks.table_load import LoadSettings

__all__ = ["D365FOToObjectStorageOperator", "D365FOToSqlOperator"]


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
        """Take the key from the entity's metadata where no argument says it."""
        from airflow_provider_poweroffice.api.d365fo.metadata import entity_key

        key = entity_key(client, self.endpoint) if self.key is None else None
        return settings if key is None else settings.keyed(key)
