"""``load_company``: the tasks it makes, and what it refuses while the DAG file is read."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from airflow.sdk import DAG, task

from airflow_provider_poweroffice._compat import HAS_ASSET_STATE, AirflowFailException
from airflow_provider_poweroffice.assets.poweroffice import poweroffice_asset
from airflow_provider_poweroffice.operators.companies import PowerOfficeCompaniesOperator
from airflow_provider_poweroffice.task_groups.load_company import DEFAULT_RESOURCES, load_company
from airflow_provider_poweroffice.transfers.poweroffice_to_sql import PowerOfficeCompanyToSqlOperator

ALL = sorted(
    f"load_company.{name}"
    for name in (
        "account_transactions",
        "customers",
        "departments",
        "general_ledger_accounts",
        "products",
        "projects",
        "suppliers",
        "vat_codes",
    )
)


def tasks_of(**arguments: Any) -> dict[str, Any]:
    """Make the group in a DAG and give the DAG's tasks."""
    with DAG("books", schedule=None) as dag:
        load_company(**arguments)
    return dag.task_dict


def arguments_of(task: Any) -> dict[str, Any]:
    """Give the arguments of a mapped task."""
    return dict(task.partial_kwargs)


def test_one_company() -> None:
    """Without companies there is a task for each resource, and nothing to list or to sum up."""
    tasks = tasks_of()
    assert sorted(tasks) == ALL
    ledger, vat = tasks["load_company.account_transactions"], tasks["load_company.vat_codes"]
    assert (ledger.incremental, ledger.mode, ledger.table) == (True, "upsert", "account_transactions")
    assert ledger.query == {"fromDate": "2000-01-01", "toDate": "2099-12-31"}
    assert (vat.incremental, vat.mode, vat.query) == (
        False,
        "replace",
        {"includeExpired": "true"},
    )
    assert vat.outlets == [poweroffice_asset("VatCodes")]


def test_several_companies() -> None:
    """With companies there is a task for each, with all resources and their assets, and the summary."""
    tasks = tasks_of(
        companies=["fjordlys", "havblaast"], pool="warehouse", table_prefix="po_", schema="books", bulk=False
    )
    assert sorted(tasks) == ["load_company.company", "load_company.summary"]
    company, summary = tasks["load_company.company"], tasks["load_company.summary"]
    assert summary.upstream_task_ids == {"load_company.company"} == set(summary.tasks)
    assert (company.pool, company.map_index_template) == ("warehouse", "{{ company }}")
    assert (summary.pool, summary.loads_table) == ("warehouse", "books._loads")
    assert summary.loads["customers"] == {"endpoint": "Customers", "table": "po_customers", "schema": "books"}
    loads = arguments_of(company)["loads"]
    assert sorted(f"load_company.{name}" for name in loads) == ALL
    ledger = loads["account_transactions"]
    given = {name: ledger[name] for name in ("table", "schema", "incremental", "bulk")}
    assert given == {
        "table": "po_account_transactions",
        "schema": "books",
        "incremental": True,
        "bulk": False,
    }
    assert company.outlets == [poweroffice_asset(load["endpoint"]) for load in loads.values()]


def test_a_task_for_each_resource() -> None:
    """As it is wanted, the tasks are those of the resources, mapped; or one company has one task."""
    tasks = tasks_of(
        companies=["fjordlys", "havblaast"], tasks="resource", pool="warehouse", table_prefix="po_"
    )
    assert sorted(tasks) == sorted([*ALL, "load_company.summary"])
    summary = tasks["load_company.summary"]
    assert sorted(summary.upstream_task_ids) == sorted(summary.tasks) == sorted(summary.loads) == ALL
    ledger = tasks["load_company.account_transactions"]
    assert ledger.pool == "warehouse"
    given = arguments_of(ledger)
    assert (given["table"], given["incremental"]) == ("po_account_transactions", True)
    assert ledger.outlets == [poweroffice_asset("AccountTransactions")]
    (one,) = tasks_of(tasks="company", retries=3).values()
    assert (one.task_id, one.retries, one.company) == ("load_company.company", 3, None)
    assert len(one.outlets) == len(one.loads) == len(ALL)


def test_companies_of_the_connection() -> None:
    """A task lists the companies first."""
    tasks = tasks_of(companies="connection", poweroffice_conn_id="firm", resources=["Customers"])
    assert tasks["load_company.companies"].poweroffice_conn_id == "firm"
    assert tasks["load_company.company"].upstream_task_ids == {"load_company.companies"}
    assert tasks["load_company.company"].outlets == [poweroffice_asset("Customers", conn_id="firm")]


def test_companies_of_another_task() -> None:
    """The list may come from any task."""
    with DAG("books", schedule=None) as dag:

        @task
        def chosen() -> list[str]:
            return ["fjordlys"]

        load_company(companies=chosen(), resources=["Customers"])
    assert dag.task_dict["load_company.company"].upstream_task_ids == {"chosen"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"loads_table": "customers"}, "loads_table='customers' is the table of a resource"),
        ({"tasks": "companies"}, "tasks must be 'company' or 'resource', not 'companies'"),
        ({"resources": {"Customers": {"retries": 5}}}, "'retries' is for a task, and a company's resources"),
        ({"resources": {"Customers": {"retry_options": {}}}}, "use tasks='resource'"),
        (
            {"resources": {"Customers": {"table": "b.t"}, "Products": {"table": "t", "schema": "b"}}},
            "'customers' and 'products' go into one table",
        ),
    ],
)
def test_refused_of_a_task_for_each_company(arguments: dict[str, Any], words: str) -> None:
    """What the task of a company cannot have is refused, and the way out is named."""
    with pytest.raises(ValueError, match=r"resources|tasks|loads") as caught:
        tasks_of(**{"companies": ["fjordlys"]} | arguments)
    assert words in str(caught.value)


@pytest.mark.parametrize("size", [0, -1, 1.5, True, "2"])
def test_no_number_of_companies(size: Any) -> None:
    """A number of companies a task that is none is refused."""
    with pytest.raises(ValueError, match=r"companies_per_task must be a whole number from 1"):
        tasks_of(companies=["fjordlys"], companies_per_task=size)
    with pytest.raises(ValueError, match=r"companies_per_task must be a whole number from 1"):
        PowerOfficeCompaniesOperator(task_id="companies", companies_per_task=size)


def test_several_companies_a_task() -> None:
    """Companies are divided among tasks, those of a list at once, others by the task that lists them."""
    for shape in ({"companies": None}, {"companies": ["fjordlys"], "tasks": "resource"}):
        with pytest.raises(ValueError, match=r"companies_per_task=2 is for"):
            tasks_of(companies_per_task=2, **shape)
    if not HAS_ASSET_STATE:
        with pytest.raises(ValueError, match=r"need Airflow 3\.3"):
            tasks_of(companies=["a", "b", "c"], companies_per_task=2)
        return
    tasks = tasks_of(companies=["a", "b", "c"], companies_per_task=2)
    company = tasks["load_company.company"]
    assert company.expand_input.value == {"companies": [["a", "b"], ["c"]]}
    assert company.map_index_template == "{{ companies | join(', ') | truncate(200) }}"
    assert tasks["load_company.summary"].companies == [["a", "b"], ["c"]]
    with DAG("books", schedule=None) as dag:

        @task
        def chosen() -> list[str]:
            return ["fjordlys"]

        load_company(companies=chosen(), companies_per_task=2)
    assert dag.task_dict["load_company.companies"].upstream_task_ids == {"chosen"}
    assert dag.task_dict["load_company.company"].upstream_task_ids == {"load_company.companies"}
    given = {"task_id": "t", "sql_conn_id": "db", "loads": {"a": {"endpoint": "Customers", "table": "t"}}}
    with pytest.raises(ValueError, match="company and companies exclude each other"):
        PowerOfficeCompanyToSqlOperator(company="a", companies=["b"], **given)


def test_a_list_of_companies() -> None:
    """A list that another task gives is divided too; one that names a company twice is refused."""
    found = PowerOfficeCompaniesOperator(task_id="c", source=["a", "b", "c"], companies_per_task=2).execute(
        {}
    )
    assert found == [["a", "b"], ["c"]]
    with pytest.raises(AirflowFailException, match="companies names a twice"):
        PowerOfficeCompaniesOperator(task_id="c", source=["a", "a"]).execute({})


def test_arguments_of_one_resource() -> None:
    """What a resource is given goes before the group's own choice, and before what all are given."""
    resources = DEFAULT_RESOURCES | {
        "Customers": {"table": "clients", "retries": 5, "incremental": False},
        "VatCodes": {"mode": "upsert"},
        "SalesOrders": None,
        "TrialBalance": {"query": {"date": "{{ ds }}"}},
    }
    tasks = tasks_of(
        resources=resources, retries=2, ledger_from=date(2024, 1, 1), full_refresh="{{ params.all }}"
    )
    customers, orders = tasks["load_company.customers"], tasks["load_company.sales_orders"]
    assert (customers.table, customers.retries, customers.mode) == ("clients", 5, "replace")
    assert (orders.retries, orders.incremental, orders.full_refresh) == (2, True, "{{ params.all }}")
    vat = tasks["load_company.vat_codes"]
    assert (vat.mode, vat.query) == ("upsert", {"includeExpired": "true"})
    assert tasks["load_company.trial_balance"].mode == "replace"
    assert tasks["load_company.account_transactions"].query["fromDate"] == "2024-01-01"


def test_two_groups() -> None:
    """A DAG may have several, under names of their own, before and after other tasks."""
    with DAG("books", schedule=None) as dag:
        first = load_company(resources=["Customers"], companies=["fjordlys"])
        first >> load_company(resources=["Suppliers"], group_id="then")
    assert dag.task_dict["then.suppliers"].upstream_task_ids == {"load_company.summary"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"resources": ["Custmers"]}, "'Custmers' is not known; did you mean 'Customers'?"),
        ({"resources": ["Weather"]}, "{'Weather': {'mode': 'replace'}}"),
        ({"resources": []}, "resources is empty"),
        ({"resources": ["Customers", "/customers"]}, "'Customers' twice"),
        ({"resources": "Customers"}, "must be a list of endpoints"),
        ({"resources": {"Customers": "clients"}}, "not an endpoint with a mapping"),
        ({"resources": ["ClientIntegrationInformation"]}, "not a list that can be read"),
        ({"resources": ["Customers/{id}"]}, "not a list that can be read"),
        ({"resources": ["TrialBalance"]}, "{'TrialBalance': {'query': {'date': '...'}}}"),
        ({"resources": {"VatCodes": {"incremental": True}}}, "VatCodes cannot be read by changed_since"),
        ({"resources": {"Customers": {"mode": "replace", "incremental": True}}}, "use mode='upsert'"),
        ({"resources": {"Customers": {"company": "x"}}}, "leave out 'company': give companies= to the group"),
        ({"resources": {"Customers": {"table": "t"}, "Products": {"table": "t"}}}, "go into one table"),
        ({"resources": {"Customers": {"tabel": "t"}}}, "tabel"),
        ({"resources": {"Customers": {"table": 'a"b'}}}, "is not a name"),
        ({"companies": []}, "companies is empty"),
        ({"companies": "fjordlys"}, "['fjordlys']"),
        ({"companies": ["a", "b", "a"]}, "names a twice"),
        ({"companies": [1]}, "list of aliases"),
        ({"layout": "wide"}, "unknown layout 'wide'"),
        ({"verify": "False"}, "verify must be True or False, not 'False'"),
        ({"detect_deletions": "no"}, "detect_deletions must be True or False, not 'no'"),
        ({"bulk": "{{ params.bulk }}"}, "bulk must be True or False"),
        ({"ledger_from": "1st May"}, "ledger_from must be a date"),
        ({"poweroffice_conn_id": "{{ x }}"}, "cannot be part of an asset"),
        (
            {"resource": ["Customers"]},
            "load_company has no argument resource=['Customers']; did you mean resources?",
        ),
        ({"schedule": "@daily"}, "load_company has no argument schedule='@daily'"),
        ({"resources": [{"Customers": {}}]}, "{'Customers': {}} is not an endpoint: give a list of them"),
        ({"companies": len}, "companies is a function: give what its task returns"),
        ({"companies": "{{ params.companies }}"}, "no template is rendered there"),
        ({"companies": ["{{ params.company }}"]}, "companies holds '{{ params.company }}': no template"),
        ({"companies": "fjordlys, granli"}, "or a list of aliases, ['fjordlys', 'granli']"),
        ({"endpoint": "Customers"}, "endpoint='Customers' cannot be given to a group: name it in resources="),
        ({"task_id": "books"}, "task_id='books' cannot be given to a group: a group names its tasks"),
        ({"company": "granli"}, "company='granli' cannot be given to a group: give companies="),
        ({"loads": {}}, "loads={} cannot be given to a group: give resources="),
        ({"task_group": None}, "task_group=None cannot be given to a group"),
        ({"table": "t"}, "table='t' would not reach 'AccountTransactions', for which the group sets"),
        ({"mode": "append"}, "mode='append' cannot be given to a group: it is chosen for each list"),
        ({"incremental": False}, "incremental=False would not reach 'AccountTransactions'"),
        (
            {"query": {"isActive": "true"}, "resources": ["Customers", "VatCodes"]},
            "query={'isActive': 'true'} would not reach 'VatCodes', for which the group sets",
        ),
        (
            {"poweroffice_conn_id": "po", "d365fo_conn_id": "fo", "resources": ["CustomersV3"]},
            "poweroffice_conn_id='po' and d365fo_conn_id='fo' exclude each other",
        ),
    ],
)
@pytest.mark.parametrize(
    "shape",
    [{"companies": None}, {"companies": ["fjordlys"]}, {"companies": ["fjordlys"], "tasks": "resource"}],
)
def test_refused(shape: dict[str, Any], arguments: dict[str, Any], words: str) -> None:
    """What cannot work is refused while the DAG file is read, mapped or not, and the way out is named."""
    with pytest.raises((ValueError, TypeError)) as caught:
        tasks_of(**shape | arguments)
    assert words in str(caught.value)


def test_an_argument_of_all_lists() -> None:
    """What the group does not set itself reaches each list, unless the list has its own."""
    lists = {"Customers": {"query": {"a": "b"}}, "Products": {}}
    tasks = tasks_of(resources=lists, companies=["fjordlys"], query={"c": "d"})
    loads = arguments_of(tasks["load_company.company"])["loads"]
    assert {name: load["query"] for name, load in loads.items()} == {
        "customers": {"a": "b"},
        "products": {"c": "d"},
    }


def test_an_endpoint_newer_than_this_package() -> None:
    """An unknown endpoint is read as it is told to be."""
    tasks = tasks_of(resources={"Weather": {"mode": "replace"}}, companies=["fjordlys"])
    assert arguments_of(tasks["load_company.company"])["loads"]["weather"]["mode"] == "replace"


def test_checks() -> None:
    """Deleted rows are looked for where the API tells changes, but in the ledger, which can be verified."""
    names = ["AccountTransactions", "Customers", "VatCodes"]
    for checks in [True, False]:
        with DAG("checked", schedule=None) as dag:
            load_company(resources=names, detect_deletions=checks, verify=checks)
        loads = {task.endpoint: (task.detect_deletions, task.verify) for task in dag.tasks}
        assert loads == {
            "AccountTransactions": (False, "trial-balance" if checks else None),
            "Customers": (checks, None),
            "VatCodes": (False, None),
        }
