"""Cloud warehouses: Snowflake's statements on fakesnow, with the sandbox's rows; others' are parsed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import fakesnow
import pytest
import sqlglot
from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook
from airflow.providers.snowflake.transfers.copy_into_snowflake import CopyFromExternalStageToSnowflakeOperator
from support.airflow_home import HOME, ROOT, states

from airflow_provider_poweroffice.api.catalogue.fields import fields_of
from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.storage.parquet import TypedRows
from airflow_provider_poweroffice.storage.sql.identifiers import snake_case
from airflow_provider_poweroffice.transfers.cloud_warehouse import WarehouseTable

FIELDS = fields_of("poweroffice_v2", "Customers")
CUSTOMERS = WarehouseTable("snowflake", "Customers", "books.customers", company="fjordlys")


@pytest.fixture
def snowflake(monkeypatch: pytest.MonkeyPatch) -> Iterator[SnowflakeHook]:
    """Give a warehouse whose stage is the folder of the lake: fakesnow reads S3 by what is not a package."""
    fields = {
        "conn_type": "snowflake",
        "login": "loader",
        "password": "p",
        "schema": "books",
        "extra": {"account": "test", "database": "accounting", "warehouse": "w"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_SNOWFLAKE_DEFAULT", json.dumps(fields))
    with fakesnow.patch():
        hook = SnowflakeHook("snowflake_default")
        hook.run(f"CREATE STAGE books.lake URL = 'file://{HOME}/lake'")
        yield hook


def sent() -> list[list[Any]]:
    """Read the customers as the sandbox has them."""
    with PowerOfficeHook() as hook:
        rows = [row for page in hook.client.pages("Customers") for row in page.raw_rows]
    return sorted([values[:-1] for values in TypedRows(FIELDS)(rows)], key=repr)


def stored(hook: SnowflakeHook, where: str) -> list[list[Any]]:
    """Read the customers in the warehouse, by names that a person would write."""
    columns = ", ".join(map(snake_case, FIELDS))
    rows = hook.get_records(f"select {columns} from books.customers where {where}")
    aware = [[one.astimezone(UTC) if isinstance(one, datetime) else one for one in row] for row in rows]
    return sorted(aware, key=repr)


def copied_by_its_own_operator(hook: SnowflakeHook) -> int:
    """Copy the object of the first run by the provider's operator, and count its rows."""
    (file,) = (HOME / "lake" / "changed").iterdir()
    hook.run(CUSTOMERS.create_staging)
    CopyFromExternalStageToSnowflakeOperator(
        task_id="copy",
        table=CUSTOMERS.staging,
        stage="books.lake",
        prefix="changed/",
        files=[file.name],
        file_format="(TYPE = PARQUET USE_LOGICAL_TYPE = TRUE)",
        copy_options="MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE",
    ).execute({})
    return int(hook.get_records(f"select count(*) from {CUSTOMERS.staging}")[0][0])


def test_snowflake(connection: str, run_dag: Any, snowflake: SnowflakeHook) -> None:
    """The example brings all customers, then what is changed, new, gone and back, as the sandbox has it."""

    def run() -> None:
        found = run_dag("poweroffice_to_snowflake")
        assert {state.rpartition(".")[2].lower() for state in states(found).values()} == {"success"}

    with PowerOfficeHook(connection) as hook:
        made = [hook.client.request("POST", "Customers", body={"Name": f"Kunde {n}"}).body for n in range(3)]
        run()
        assert stored(snowflake, "_company = 'fjordlys' and _deleted_at is null") == sent()
        assert copied_by_its_own_operator(snowflake) == len(sent())
        hook.client.request("DELETE", f"Customers/{made[0]['Id']}")
        change = [{"op": "replace", "path": "/Name", "value": "Ny 'navn' Å"}]
        hook.client.request("PATCH", f"Customers/{made[1]['Id']}", body=change)
        hook.client.request("POST", "Customers", body={"Name": "Fjerde"})
    snowflake.run(
        "update books.customers set _deleted_at = current_timestamp() where id = " + str(made[2]["Id"])
    )
    run()
    assert stored(snowflake, "_deleted_at is null") == sent()
    (gone,) = snowflake.get_records("select id from books.customers where _deleted_at is not null")
    assert gone[0] == made[0]["Id"]
    runs = snowflake.get_records("select count(*), count(distinct _run_id) from books.customers")
    assert runs == [(len(sent()) + 1, 2)]


def test_too_few_keys_mark_nothing(snowflake: SnowflakeHook) -> None:
    """A list of keys that has lost more than half of the rows marks none; another company's never."""
    columns = "id, _company, _deleted_at"
    rows = ", ".join(f"({n}, 'fjordlys', null)" for n in range(10))
    snowflake.run([CUSTOMERS.create, CUSTOMERS.create_staging])
    snowflake.run(f"insert into books.customers ({columns}) values {rows}, (99, 'other', null)")
    for listed, marked in (("(0)", 0), (", ".join(f"({n})" for n in range(8)), 2)):
        snowflake.run([CUSTOMERS.create_staging, f"insert into {CUSTOMERS.staging} (id) values {listed}"])
        snowflake.run(CUSTOMERS.mark_deleted)
        query = "select count(*) from books.customers where _deleted_at is not null"
        assert snowflake.get_records(query) == [(marked,)]


@pytest.mark.parametrize("warehouse", ["snowflake", "bigquery", "redshift", "databricks"])
@pytest.mark.parametrize("endpoint", ["Customers", "AccountTransactions", "VatCodes"])
def test_statements_are_ones(warehouse: str, endpoint: str) -> None:
    """Each is one statement of the warehouse's dialect, as far as a parser knows it."""
    table = WarehouseTable(warehouse, endpoint, "books.t", company="fjordlys")
    statements = [table.create, table.create_staging, table.drop_staging, *table.upsert, *table.mark_deleted]
    for sql in statements:
        (parsed,) = sqlglot.parse(sql.replace("{{ run_id }}", "run"), read=warehouse)
        assert type(parsed).__name__ in {"Create", "Drop", "Merge", "Insert", "Update", "Delete"}


def test_statements_of_sql_server_are_ones() -> None:
    """A parser of Transact-SQL takes each statement of the scripts; it does not know NONCLUSTERED."""
    for script in (ROOT / "tests/storage/sqlserver").glob("*.sql"):
        for batch in script.read_text().replace(" NONCLUSTERED", "").split("\nGO\n")[:-1]:
            assert not {"Command", "Anonymous"} & {
                type(one).__name__ for one in sqlglot.parse(batch, read="tsql")
            }
