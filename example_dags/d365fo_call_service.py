"""
Call a service operation of Dynamics 365 Finance & Operations with a payload from a file.

The operation answers a business failure with status 200 and ``Success: false``; ``response_check`` makes
that a failed task. A throttled call (429) waits in the triggerer, for an hour at most.
"""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_provider_poweroffice.operators.d365fo import D365FORestEndpointOperator

with DAG(
    "d365fo_call_service",
    schedule=None,
    catchup=False,
    params={"amount": 100},
    tags=["d365fo"],
    doc_md=__doc__,
):
    session = D365FORestEndpointOperator(
        task_id="session",
        service_name="UserSessionService/AifUserSessionService/GetUserSessionInfo",
        method="POST",  # without a payload, and without this, the operation would be described, not run
    )
    post = D365FORestEndpointOperator(
        task_id="post",
        service_name="SandboxServices/SandboxTestService/post",  # a Group/Service/Operation of your own here
        payload="payloads/post_request.json",
        response_check=lambda answer: answer.body["Success"],
        retry_timeout="01:00:00",
        throttle_seed=1,
        deferrable=True,
    )
    session >> post
