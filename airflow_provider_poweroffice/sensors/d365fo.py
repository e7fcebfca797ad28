"""The sensor of Finance & Operations."""

from __future__ import annotations

from types import MappingProxyType

from airflow_provider_poweroffice.sensors.base import ConditionSensor
from airflow_provider_poweroffice.tasks.connections import D365FOTask

__all__ = ["D365FOSensor"]


class D365FOSensor(D365FOTask, ConditionSensor):
    """
    Wait until rows of an entity fulfil a condition: all of :class:`ConditionSensor`.

    :param endpoint: the entity set, such as ``CustomersV3`` (templated).
    :param company: a legal entity; None asks for all that the app's user may see (templated).
    :param d365fo_conn_id: the Airflow connection (templated).

    .. seealso:: docs/d365fo.md, docs/operators.md
    """

    template_fields = (*ConditionSensor.template_fields, "d365fo_conn_id")
    other_class = MappingProxyType({"poweroffice": "PowerOfficeSensor"})
