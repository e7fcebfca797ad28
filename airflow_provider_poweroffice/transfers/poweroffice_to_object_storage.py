"""The transfers of PowerOffice Go to any store Airflow knows: of a list, of a company's lists, of a file."""

from __future__ import annotations

from types import MappingProxyType

from airflow_provider_poweroffice.tasks.company_to_object_storage import CompanyToObjectStorage
from airflow_provider_poweroffice.tasks.connections import PowerOfficeTask
from airflow_provider_poweroffice.tasks.download import DownloadTask
from airflow_provider_poweroffice.tasks.to_object_storage import ToObjectStorage

__all__ = [
    "PowerOfficeCompanyToObjectStorageOperator",
    "PowerOfficeDownloadOperator",
    "PowerOfficeToObjectStorageOperator",
]


class PowerOfficeToObjectStorageOperator(PowerOfficeTask, ToObjectStorage):
    """
    Copy a collection of PowerOffice Go to one object: all of :class:`ToObjectStorage`.

    :param poweroffice_conn_id: the Airflow connection (templated).

    .. seealso:: docs/operators.md for every argument
    """

    template_fields = (*ToObjectStorage.template_fields, "poweroffice_conn_id")
    other_class = MappingProxyType({"d365fo": "D365FOToObjectStorageOperator, with d365fo_conn_id,"})


class PowerOfficeCompanyToObjectStorageOperator(PowerOfficeTask, CompanyToObjectStorage):
    """
    Copy several collections of a company to objects: all of :class:`CompanyToObjectStorage`.

    ``company_to_object_storage`` makes it, a mapped one for many companies.

    :param poweroffice_conn_id: the Airflow connection (templated).

    .. seealso:: docs/companies.md
    """

    template_fields = (*CompanyToObjectStorage.template_fields, "poweroffice_conn_id")
    other_class = MappingProxyType(
        {"d365fo": "d365fo_conn_id of the group, or D365FOCompanyToObjectStorageOperator,"}
    )
    load_class = PowerOfficeToObjectStorageOperator


class PowerOfficeDownloadOperator(PowerOfficeTask, DownloadTask):
    """
    Copy a document or a report of PowerOffice Go to one object: all of :class:`DownloadTask`.

    :param poweroffice_conn_id: the Airflow connection (templated).

    .. seealso:: docs/operators.md for every argument
    """

    template_fields = (*DownloadTask.template_fields, "poweroffice_conn_id")
    other_class = MappingProxyType({"d365fo": "D365FOToObjectStorageOperator, with d365fo_conn_id,"})
