"""Every operator, transfer and sensor, with the arguments that it cannot be without."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperator

from airflow_provider_poweroffice.operators.companies import PowerOfficeCompaniesOperator
from airflow_provider_poweroffice.operators.d365fo import D365FOEntityOperator, D365FORestEndpointOperator
from airflow_provider_poweroffice.operators.invoice import PowerOfficeInvoiceOperator
from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator
from airflow_provider_poweroffice.sensors.d365fo import D365FOSensor
from airflow_provider_poweroffice.sensors.poweroffice import PowerOfficeSensor
from airflow_provider_poweroffice.transfers.d365fo import (
    D365FOCompanyToObjectStorageOperator,
    D365FOCompanyToSqlOperator,
    D365FOToObjectStorageOperator,
    D365FOToSqlOperator,
)
from airflow_provider_poweroffice.transfers.object_storage_to_poweroffice import (
    ObjectStorageToPowerOfficeOperator,
)
from airflow_provider_poweroffice.transfers.poweroffice_to_object_storage import (
    PowerOfficeCompanyToObjectStorageOperator,
    PowerOfficeDownloadOperator,
    PowerOfficeToObjectStorageOperator,
)
from airflow_provider_poweroffice.transfers.poweroffice_to_sql import (
    PowerOfficeCompanyToSqlOperator,
    PowerOfficeToSqlOperator,
)
from airflow_provider_poweroffice.transfers.sql_to_poweroffice import SqlToPowerOfficeOperator

BATCH = {"endpoint": "Customers", "action": "create", "results_path": "file:///x"}
LOADS = {"customers": {"endpoint": "Customers", "table": "customers"}}
COPIES = {"customers": {"endpoint": "Customers", "object_path": "file:///x.ndjson.gz"}}

REQUIRED: dict[type[BaseOperator], dict[str, Any]] = {
    PowerOfficeOperator: {"endpoint": "Customers", "paginate": True},
    PowerOfficeSensor: {"endpoint": "Customers", "field": "Id", "value": 1},
    D365FOSensor: {"endpoint": "CustomersV3", "field": "Name", "value": "a"},
    PowerOfficeToObjectStorageOperator: {"endpoint": "Customers", "object_path": "file:///x.ndjson.gz"},
    PowerOfficeToSqlOperator: {"endpoint": "Customers", "sql_conn_id": "db", "table": "customers"},
    PowerOfficeCompanyToSqlOperator: {"sql_conn_id": "db", "loads": LOADS},
    PowerOfficeCompanyToObjectStorageOperator: {"loads": COPIES},
    D365FOCompanyToSqlOperator: {"sql_conn_id": "db", "loads": LOADS},
    D365FOCompanyToObjectStorageOperator: {"loads": COPIES},
    D365FOToObjectStorageOperator: {"endpoint": "CustomersV3", "object_path": "file:///x.ndjson.gz"},
    D365FOToSqlOperator: {"endpoint": "CustomersV3", "sql_conn_id": "db", "table": "customers"},
    PowerOfficeInvoiceOperator: {"order": {"CustomerNo": 10001}},
    PowerOfficeDownloadOperator: {"endpoint": "x", "object_path": "file:///x.pdf"},
    ObjectStorageToPowerOfficeOperator: BATCH | {"object_path": "file:///x.csv"},
    SqlToPowerOfficeOperator: BATCH | {"sql_conn_id": "db", "sql": "select 1"},
    PowerOfficeCompaniesOperator: {},
    D365FORestEndpointOperator: {"service_name": "G/S/O"},
    D365FOEntityOperator: {"entity": "CustomersV3", "paginate": True},
}
