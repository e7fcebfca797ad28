"""
Build the reports of the dbt package when the ledger of a company has come.

Needs the package, whose folder the variable ``dbt_project`` names, and ``dbt`` with dbt-duckdb or
dbt-postgres in an environment of its own, whose path the variable ``dbt`` names. The connection ``warehouse``
is the one that ``load_company`` fills, DuckDB or PostgreSQL. The DAG is paused until you switch it on.
"""

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

from airflow_provider_poweroffice.assets.poweroffice import poweroffice_asset

with DAG(
    "poweroffice_reports_by_dbt",
    schedule=[poweroffice_asset("AccountTransactions")],
    is_paused_upon_creation=True,
    max_active_runs=1,  # a run builds the reports of all companies
    params={"vars": {}},
    tags=["poweroffice"],
    doc_md=__doc__,
):
    BashOperator(
        task_id="build",
        bash_command="{{ var.value.get('dbt', 'dbt') }} build --profiles-dir . --vars \"$DBT_VARS\"",
        cwd="{{ var.value.dbt_project }}",
        append_env=True,
        env={
            "DBT_VARS": "{{ params.vars | tojson }}",
            "WAREHOUSE_TYPE": "{{ conn.warehouse.conn_type }}",
            "WAREHOUSE_PATH": "{{ conn.warehouse.host }}",
            "WAREHOUSE_HOST": "{{ conn.warehouse.host }}",
            "WAREHOUSE_PORT": "{{ conn.warehouse.port or 5432 }}",
            "WAREHOUSE_USER": "{{ conn.warehouse.login or '' }}",
            "DBT_ENV_SECRET_WAREHOUSE_PASSWORD": "{{ conn.warehouse.password or '' }}",
            "WAREHOUSE_DATABASE": "{{ conn.warehouse.schema }}",
        },
    )
