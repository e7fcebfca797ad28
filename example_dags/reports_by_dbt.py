"""
Build the reports by dbt when the ledger of a company has come.

Needs the variable ``dbt``, the path of dbt with dbt-duckdb or dbt-postgres, and the connection ``warehouse``.
"""

from importlib.resources import files

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

from airflow_provider_poweroffice.assets.poweroffice import poweroffice_asset

MODELS = str(files("airflow_provider_poweroffice") / "dbt")  # or those that the variable dbt_project names
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
        task_id="build",  # in a folder of its own, as dbt writes beside the models; and parsed there
        bash_command='cp -r "$MODELS" dbt && cd dbt && '
        "{{ var.value.get('dbt', 'dbt') }} --no-partial-parse build --profiles-dir . --vars \"$DBT_VARS\"",
        append_env=True,
        env={
            "DBT_VARS": "{{ params.vars | tojson }}",
            "MODELS": "{{ var.value.get('dbt_project', '" + MODELS + "') }}",
            "WAREHOUSE_TYPE": "{{ conn.warehouse.conn_type }}",
            "WAREHOUSE_PATH": "{{ conn.warehouse.host }}",
            "WAREHOUSE_HOST": "{{ conn.warehouse.host }}",
            "WAREHOUSE_PORT": "{{ conn.warehouse.port or 5432 }}",
            "WAREHOUSE_USER": "{{ conn.warehouse.login or '' }}",
            "DBT_ENV_SECRET_WAREHOUSE_PASSWORD": "{{ conn.warehouse.password or '' }}",
            "WAREHOUSE_DATABASE": "{{ conn.warehouse.schema }}",
        },
    )
