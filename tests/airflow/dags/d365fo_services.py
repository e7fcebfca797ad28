"""A service call with a token from a template, and one that is throttled and waits in the triggerer."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_provider_poweroffice.operators.d365fo import D365FORestEndpointOperator

TEST = "SandboxServices/SandboxTestService"


class Impatient(D365FORestEndpointOperator):
    """Defers at the shortest wait."""

    defer_from = 0.0


with DAG("d365fo_services", schedule=None, catchup=False):
    D365FORestEndpointOperator(
        task_id="with_token",
        service_name=f"{TEST}/getText",
        payload={},
        token="Bearer {{ var.value.d365fo_token }}",
    )
with DAG("d365fo_throttled", schedule=None, catchup=False):
    Impatient(task_id="throttled", service_name=f"{TEST}/getBoolean", payload={}, deferrable=True)
with DAG("d365fo_mapped", schedule=None, catchup=False):
    D365FORestEndpointOperator.partial(task_id="mapped", service_name=f"{TEST}/echo").expand(
        payload=[{"_request": {"number": number}} for number in (1, 2)]
    )
