"""The sensor of PowerOffice Go."""

from __future__ import annotations

from types import MappingProxyType

from airflow_provider_poweroffice.sensors.base import ConditionSensor
from airflow_provider_poweroffice.tasks.connections import PowerOfficeTask

__all__ = ["PowerOfficeSensor"]


class PowerOfficeSensor(PowerOfficeTask, ConditionSensor):
    """
    Wait until PowerOffice Go's answer to a GET fulfils a condition: all of :class:`ConditionSensor`.

    :param poweroffice_conn_id: the Airflow connection (templated).

    .. seealso:: docs/operators.md for every argument
    """

    template_fields = (*ConditionSensor.template_fields, "poweroffice_conn_id")
    other_class = MappingProxyType({"d365fo": "D365FOSensor, with d365fo_conn_id,"})
