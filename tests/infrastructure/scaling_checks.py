"""
What a night of a firm must have left behind; each check gives what is wrong, in sentences.

Rule: it compares with the sandbox, which is asked directly, not through this package's client.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import requests

from poweroffice_sandbox import Sandbox
from tests.infrastructure import postgres_dump
from tests.infrastructure.leaks import Search, files, leaks

if TYPE_CHECKING:
    from tests.infrastructure.cluster import Cluster
    from tests.infrastructure.postgres_server import PostgresServer

LEDGER = "AccountTransactions"
TABLES = {
    "account_transactions": LEDGER,
    "general_ledger_accounts": "GeneralLedgerAccounts",
    "vat_codes": "VatCodes",
    "departments": "Departments",
    "projects": "Projects",
    "products": "Products",
    "customers": "Customers",
    "suppliers": "Suppliers",
}
_QUERIES = {
    LEDGER: {"fromDate": "2000-01-01", "toDate": "2100-01-01"},
    "VatCodes": {"includeExpired": "true"},
}

Rows = dict[str, dict[str, list[dict[str, Any]]]]
"""By table and company; names without case and underscores, numbers and moments as what they are."""


def wrong_rows(
    stored: Rows, sandbox: Sandbox, companies: Iterable[str], without: frozenset[str]
) -> list[str]:
    """
    Compare the rows of each company with those in the sandbox, every value of each.

    :param without: tables that need not be compared, and must be empty.
    """
    problems, owners = [], Counter[str]()
    for company in companies:
        for table, resource in TABLES.items():
            found = stored.get(table, {}).get(company, [])
            held = [] if table in without else listed(sandbox, company, resource)
            if resource == LEDGER and held:
                owners[str(held)] += 1
            if sorted(found, key=_id) != sorted(held, key=_id):
                problems.append(
                    f"{company}: the {len(found)} rows in {table} are not the {len(held)} of the sandbox"
                )
    if max(owners.values(), default=1) > 1:
        problems.append("companies have equal rows in the sandbox: a mix-up would not be seen")
    return problems


def stored_rows(server: PostgresServer, database: str) -> Rows:
    """Read all tables of the warehouse by PostgreSQL's own program."""
    stored: Rows = {}
    for table in TABLES:
        own = stored[table] = {}
        for line in postgres_dump.query(
            server, f"SELECT row_to_json(t) FROM {table} t", database
        ).splitlines():
            row = json.loads(line, parse_float=Decimal, parse_int=Decimal)
            own.setdefault(row["_company"], []).append(
                plain({name: value for name, value in row.items() if not name.startswith("_")})
            )
    return stored


def listed(sandbox: Sandbox, company: str, resource: str) -> list[dict[str, Any]]:
    """Read a list of a company from the sandbox."""
    keys = sandbox.keys(company)
    with requests.Session() as http:
        http.trust_env = False
        http.headers["Ocp-Apim-Subscription-Key"] = keys.subscription_key
        pair = (keys.application_key, keys.client_key)
        form = {"grant_type": "client_credentials"}
        token = http.post(sandbox.token_url(), data=form, auth=pair, timeout=30).json()["access_token"]
        answer = http.get(
            f"{sandbox.base_url()}/{resource}",
            params={**_QUERIES.get(resource, {}), "pageSize": "20000"},
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )
        answer.raise_for_status()
        return [plain(row) for row in answer.json(parse_float=Decimal, parse_int=Decimal)]


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Give a row of a table and one of the API the same form."""
    return {name.replace("_", "").lower(): _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, str) and len(value) > len("2000-01-01") and value[10] in "T ":
        with suppress(ValueError):
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return value


def _id(row: Mapping[str, Any]) -> str:
    return str(row.get("id", row))


def wrong_summary(summary: dict[str, Any], companies: list[str], failing: str, lacking: str) -> list[str]:
    """
    Compare the summary with what is known: which company fails, which lacks a module, and why.

    :param failing: its key is refused.
    :param lacking: it lacks modules.
    """
    problems = []
    if sorted(summary["succeeded"]) != sorted(set(companies) - {failing}):
        problems.append(f"succeeded, by the summary: {', '.join(summary['succeeded'])}")
    failures = summary["failed"]
    if [failure["company"] for failure in failures] != [failing]:
        problems.append(f"failed, by the summary: {', '.join(str(one['company']) for one in failures)}")
    elif "AuthenticationError" not in failures[0]["error"]:
        problems.append(f"{failing} failed, but not for its key: {failures[0]['error']}")
    if (left_out := sorted({one["company"] for one in summary["left_out"]})) != [lacking]:
        problems.append(f"left out, by the summary: {', '.join(left_out) or 'nobody'}")
    return problems


def searches(sandbox: Sandbox, wrong_keys: dict[str, str]) -> list[Search]:
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
                for company in sandbox.aliases()
                for token in sandbox.tokens(company)
            }
        ),
    ]


def leaked(cluster: Cluster, secret: list[Search]) -> tuple[str, list[str]]:
    """
    Look for secrets in all that Airflow, Celery, Redis and PostgreSQL have written, the warehouse included.

    The connection holds them encrypted, so they are not looked for elsewhere only; the application key is its
    login, which Airflow stores as it is, there and in the audit entry about the saving of the connection.

    :return: what was looked through, and what is wrong.
    """
    tables = postgres_dump.tables(cluster.postgres)
    loaded = postgres_dump.tables(cluster.postgres, cluster.warehouse_name)
    login = Search({"the application key": cluster.sandbox.keys().application_key})
    written = dict(files(cluster.home.folder))
    places = [(f"the table {name}", data) for name, data in tables.items()]
    places += [(f"the table {name} of the warehouse", data) for name, data in loaded.items()]
    places += written.items()
    found = leaks([*places, *files(postgres_dump.folder(cluster.postgres))], secret)
    entries = tables["log"].splitlines()
    elsewhere = dict(places) | {"the table log": b"\n".join(e for e in entries if b"connections" not in e)}
    stored = elsewhere.pop("the table connection")
    logins = leaks(elsewhere.items(), [login])
    problems = found[1] + logins[1]
    problems += [f"{what} was not looked through" for what in _missing(tables | loaded, written, cluster)]
    if not login.names_in(stored):
        problems.append("the search does not find what is there: the login in the table connection")
    count = f"{len(tables) + len(loaded)} tables, {len(written)} files"
    return f"{count}, {found[0] - len(places)} files of PostgreSQL", problems


def _missing(tables: dict[str, bytes], written: dict[str, bytes], cluster: Cluster) -> list[str]:
    """Name the places without the traces that the run must have left: the search was in the wrong place."""
    company = cluster.sandbox.aliases()[-1].encode()
    names = ("xcom", "rendered_task_instance_fields", "task_state_store", "_loads")
    searched = {f"the table {name}": tables[name] for name in names}
    searched["the picture"] = written["lake/night.html"]
    searched["the logs of the tasks"] = b"".join(
        data for name, data in written.items() if "/task_id=" in name
    )
    if cluster.workers:
        # Celery's messages are base64 inside of Redis's commands.
        sent = b"".join(data for name, data in written.items() if name.endswith(".aof"))
        searched["what was sent to Redis"] = company if b"execute_workload" in sent else b""
    return [name for name, data in searched.items() if company not in data]
