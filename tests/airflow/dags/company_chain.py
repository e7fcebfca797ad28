"""Two tasks for each company in a mapped group, and what can become of them."""

from __future__ import annotations

from airflow.sdk import DAG, get_current_context, task, task_group

from airflow_provider_poweroffice._compat import AirflowSkipException
from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.operators.companies import (
    PowerOfficeCompaniesSummaryOperator,
    report_company,
)
from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator

with DAG("company_chain", schedule=None, catchup=False):

    @task
    def listed() -> list[str]:
        """Give some of the companies."""
        return ["fjordlys", "havblaast", "granli", "firma-004", "firma-005"]

    @task
    def own(company: str) -> None:
        """Fail in a way of one's own for some."""
        if company == "firma-005":
            raise RuntimeError("outside of the report")
        with report_company(get_current_context(), company), PowerOfficeHook(company=company) as hook:
            key = hook.client.auth.secrets[1]
            if company == "granli":
                raise AirflowSkipException("nothing to do")
            if company == "firma-004":
                raise RuntimeError(f"the key {key} is odd")

    @task_group(group_id="work")
    def work(company: str) -> None:
        """Read, then go on."""
        read = PowerOfficeOperator(
            task_id="read", endpoint="Customers", query={"Fields": "Id"}, company=company
        )
        read >> own(company)

    companies = listed()
    summary = PowerOfficeCompaniesSummaryOperator(task_id="summary", companies=companies, fail=False)
    work.expand(company=companies) >> summary
