"""
What a run over many companies must have left behind; each check gives what is wrong, in sentences.

Rule: it compares with the sandbox, which is asked directly, not through this package's client.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from poweroffice_sandbox import Sandbox
from tests.infrastructure import postgres_dump
from tests.infrastructure.leaks import Search, files, leaks

if TYPE_CHECKING:
    from tests.infrastructure.cluster import Cluster

RESOURCE = "AccountTransactions"
EVERYTHING = {"fromDate": "2000-01-01", "toDate": "2100-01-01"}


def wrong_rows(cluster: Cluster, companies: list[str]) -> list[str]:
    """Compare each company's file with the company's rows in the sandbox, values as they are written."""
    problems, owners = [], Counter[str]()
    for company in companies:
        file = cluster.lake / company / "ledger.ndjson.gz"
        if not file.exists():
            problems.append(f"{company}: {file} is missing")
            continue
        stored = [_row(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
        held = ledger(cluster.sandbox, company)
        owners[json.dumps(held)] += 1
        if sorted(stored, key=_id) != sorted(held, key=_id):
            problems.append(
                f"{company}: the {len(stored)} rows stored are not the {len(held)} of the sandbox"
            )
    if max(owners.values(), default=1) > 1:
        problems.append("companies have equal rows in the sandbox: a mix-up would not be seen")
    return problems


def ledger(sandbox: Sandbox, company: str) -> list[dict[str, Any]]:
    """Read the ledger of a company from the sandbox."""
    keys = sandbox.keys(company)
    with requests.Session() as http:
        http.trust_env = False
        http.headers["Ocp-Apim-Subscription-Key"] = keys.subscription_key
        pair = (keys.application_key, keys.client_key)
        form = {"grant_type": "client_credentials"}
        token = http.post(sandbox.token_url(), data=form, auth=pair, timeout=30).json()["access_token"]
        answer = http.get(
            f"{sandbox.base_url()}/{RESOURCE}",
            params={**EVERYTHING, "pageSize": "20000"},
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )
        answer.raise_for_status()
        rows: list[dict[str, Any]] = answer.json(parse_float=_as_written)
        return rows


def _row(line: bytes) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(line, parse_float=_as_written)
    return row


def _as_written(number: str) -> tuple[str, str]:
    """Keep a number apart from any other spelling of it, and from a text: 1.10 is neither 1.1 nor "1.10"."""
    return "number", number


def _id(row: dict[str, Any]) -> int:
    return int(row["Id"])


def wrong_summary(summary: dict[str, Any], companies: list[str], failing: str) -> list[str]:
    """Compare the summary with what is known: which company fails, and why."""
    problems = []
    if sorted(summary["succeeded"]) != sorted(set(companies) - {failing}):
        problems.append(f"succeeded, by the summary: {', '.join(summary['succeeded'])}")
    failures = summary["failed"]
    if [failure["company"] for failure in failures] != [failing]:
        problems.append(f"failed, by the summary: {', '.join(str(one['company']) for one in failures)}")
    elif "AuthenticationError" not in failures[0]["error"]:
        problems.append(f"{failing} failed, but not for its key: {failures[0]['error']}")
    return problems


def tokens(sandbox: Sandbox) -> dict[str, list[str]]:
    """Give the tokens that were issued, by company."""
    return {company: sandbox.tokens(company) for company in sandbox.aliases()}


def searches(sandbox: Sandbox, issued: dict[str, list[str]], wrong_keys: dict[str, str]) -> list[Search]:
    """Give a search for each kind of secret there is."""
    keys = {company: sandbox.keys(company) for company in sandbox.aliases()}
    client_keys = {company: found.client_key for company, found in keys.items()}
    one = next(iter(keys.values()))
    return [
        Search({f"the client key of {company}": key for company, key in (client_keys | wrong_keys).items()}),
        Search({"the subscription key": one.subscription_key}),
        Search(
            {
                f"the Basic header of {company}": base64.b64encode(
                    f"{found.application_key}:{found.client_key}".encode()
                ).decode()
                for company, found in keys.items()
            }
        ),
        # The middle part alone: it differs from token to token, and is there however a token is cut.
        Search(
            {
                f"a token of {company}": token.split(".")[1]
                for company, found in issued.items()
                for token in found
            }
        ),
    ]


def leaked(cluster: Cluster, secret: list[Search]) -> tuple[str, list[str]]:
    """
    Look for secrets in all that Airflow, Celery, Redis and PostgreSQL have written.

    The connection holds them encrypted, so they are not looked for elsewhere only; the application key is its
    login, which Airflow stores as it is, there and in the audit entry about the saving of the connection.

    :return: what was looked through, and what is wrong.
    """
    tables = postgres_dump.tables(cluster.postgres)
    login = Search({"the application key": cluster.sandbox.keys().application_key})
    folder = cluster.home.folder
    written = {name: data for name, data in files(folder) if not Path(name).is_relative_to("lake")}
    places = [(f"the table {name}", data) for name, data in tables.items()]
    places += written.items()
    found = leaks([*places, *files(postgres_dump.folder(cluster.postgres))], secret)
    entries = tables["log"].splitlines()
    elsewhere = dict(places) | {"the table log": b"\n".join(e for e in entries if b"connections" not in e)}
    stored = elsewhere.pop("the table connection")
    logins = leaks(elsewhere.items(), [login])
    problems = found[1] + logins[1]
    problems += [f"{what} was not looked through" for what in _missing(tables, written, cluster)]
    if not login.names_in(stored):
        problems.append("the search does not find what is there: the login in the table connection")
    return (
        f"{len(tables)} tables, {len(written)} files, {found[0] - len(places)} files of PostgreSQL",
        problems,
    )


def _missing(tables: dict[str, bytes], written: dict[str, bytes], cluster: Cluster) -> list[str]:
    """Name the places without the traces that the run must have left: the search was in the wrong place."""
    company = cluster.sandbox.aliases()[-1].encode()
    searched = {f"the table {name}": tables[name] for name in ("xcom", "rendered_task_instance_fields")}
    searched["the logs of the tasks"] = b"".join(
        data for name, data in written.items() if "/task_id=" in name
    )
    if cluster.workers:
        # Celery's messages are base64 inside of Redis's commands.
        sent = b"".join(data for name, data in written.items() if name.endswith(".aof"))
        searched["what was sent to Redis"] = company if b"execute_workload" in sent else b""
    return [name for name, data in searched.items() if company not in data]
