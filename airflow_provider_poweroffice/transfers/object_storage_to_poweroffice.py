"""The transfer of a file of records into PowerOffice Go."""

from __future__ import annotations

from types import MappingProxyType

from airflow_provider_poweroffice.tasks.batch import FileBatch
from airflow_provider_poweroffice.tasks.connections import PowerOfficeTask

__all__ = ["ObjectStorageToPowerOfficeOperator"]


class ObjectStorageToPowerOfficeOperator(PowerOfficeTask, FileBatch):
    """
    Write the records of a file to PowerOffice Go v2, each once: all of :class:`FileBatch`.

    :param poweroffice_conn_id: the Airflow connection (templated).

    .. seealso:: docs/writing.md, docs/operators.md
    """

    template_fields = (*FileBatch.template_fields, "poweroffice_conn_id")
    other_class = MappingProxyType({"d365fo": "D365FOEntityOperator, mapped over the records,"})
