"""
A process that calls under a shared limit; started by tests.

    python limit_worker.py URL APPLICATION_KEY CLIENT_KEY SUBSCRIPTION_KEY BACKEND CALLS
"""

from __future__ import annotations

import sys

from airflow_provider_poweroffice.api import Client, Credentials

url, application_key, client_key, subscription_key, backend, calls = sys.argv[1:]
credentials = Credentials(
    application_key=application_key, client_key=client_key, subscription_key=subscription_key
)
with Client(credentials, host=url, rate_limit={"backend": backend}) as client:
    for _ in range(int(calls)):
        client.request("GET", "VatCodes")
