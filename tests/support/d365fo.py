"""What tests of Finance & Operations build with."""

from __future__ import annotations

from typing import Any

from support import FakeClock, Unthrottled

from airflow_provider_poweroffice.api import Client
from airflow_provider_poweroffice.api.d365fo.credentials import D365FOCredentials
from poweroffice_sandbox.d365fo import D365FOSandbox, D365FOSwitches

AS_NEW = D365FOSwitches().as_dict()
TEST = "SandboxServices/SandboxTestService"


def fo_credentials(sandbox: D365FOSandbox, app: int | str = 0, **changed: Any) -> D365FOCredentials:
    """Take the published keys of one app."""
    keys = sandbox.keys(app)
    given = {
        "url": sandbox.url,
        "tenant_id": keys.tenant_id,
        "client_id": keys.client_id,
        "client_secret": keys.client_secret,
        "authority": sandbox.url,
    }
    return D365FOCredentials(**(given | changed))


def fo_client(sandbox: D365FOSandbox, clock: FakeClock, app: int | str = 0, **changed: Any) -> Client:
    """Open a client with fake time; ``retry``, ``throttle``, and what changes in the credentials."""
    retry, throttle = changed.pop("retry", None), changed.pop("throttle", None) or Unthrottled()
    return Client(
        fo_credentials(sandbox, app, **changed),
        api_version="d365fo",
        clock=clock,
        throttle=throttle,
        retry=retry,
    )
