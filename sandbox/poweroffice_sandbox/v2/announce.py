"""What the command prints of the sandbox of PowerOffice Go v2. Rule: text only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.companies import ENVIRONMENTS, Environment

if TYPE_CHECKING:
    from .sandbox import Sandbox


def _environment(sandbox: Sandbox, environment: Environment) -> list[str]:
    lines = [f"base URL         {sandbox.base_url(environment.name)}"]
    lines.append(f"token URL        {sandbox.token_url(environment.name)}")
    lines.append(f"application key  {environment.applications[0].key}")
    lines.append(f"subscription key {environment.subscriptions[0].keys[0]}")
    lines.append(f"  or secondary   {environment.subscriptions[0].keys[1]}")
    for company in environment.companies:
        note = ", reduced privileges" if company.invalid_privileges else ""
        note = ", accounting firm" if "ClientAdmin_Full" in company.privileges else note
        lines.append(f"client key       {company.client_key}  {company.name}{note}")
    if further := sandbox.aliases(environment.name)[len(environment.companies) :]:
        lines.append(f"{len(further)} further companies, {further[0]} to {further[-1]}: in the connection")
    return ["", f"{environment.name}:", *(f"  {line}" for line in lines)]


def announcement(sandbox: Sandbox) -> str:
    """
    Give what the command prints of a running sandbox.

    :param sandbox: the one.
    """
    keys, aliases = sandbox.keys(), sandbox.aliases()
    companies = aliases if len(aliases) > len(ENVIRONMENTS["production"].companies) else ()
    subscription = f"  -H 'Ocp-Apim-Subscription-Key: {keys.subscription_key}' \\"
    lines = [
        f"PowerOffice Go sandbox on {sandbox.url}",
        *(line for environment in ENVIRONMENTS.values() for line in _environment(sandbox, environment)),
        "",
        "Airflow:",
        f"export AIRFLOW_CONN_POWEROFFICE_DEFAULT='{sandbox.connection_json(companies=companies)}'",
        "",
        "curl:",
        f"TOKEN=$(curl -s -u {keys.application_key}:{keys.client_key} \\",
        subscription,
        f"  -d grant_type=client_credentials {sandbox.token_url()} | cut -d '\"' -f 4)",
        'curl -i -H "Authorization: Bearer $TOKEN" \\',
        subscription,
        f"  '{sandbox.base_url()}/Customers?PageSize=2'",
    ]
    return "\n".join(lines) + "\n"
