"""
What a worker imports once, before it forks a process for each task: a file of ``$AIRFLOW_HOME/config``.

Every task would import it anew otherwise, for half a second of CPU. Airflow makes settings of the names in
``__all__``: of none.
"""

from importlib import import_module

for _name in (
    "airflow.dag_processing.dagbag",
    "airflow.providers.postgres.hooks.postgres",  # of the warehouse
    "airflow_provider_poweroffice.api.client",
    "airflow_provider_poweroffice.storage.sql.load",
    "airflow_provider_poweroffice.tasks.company_run",
    "airflow_provider_poweroffice.task_groups.load_company",
):
    import_module(_name)

__all__: list[str] = []
