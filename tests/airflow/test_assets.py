"""Collections as assets: their names, and what a name may not be."""

from __future__ import annotations

import pytest
from airflow.sdk import Asset

from airflow_provider_poweroffice.assets.poweroffice import is_ours, poweroffice_asset, to_openlineage


def test_name() -> None:
    """The connection is written in lower case, so that one collection has one name."""
    asset = poweroffice_asset("AccountTransactions", conn_id="Acme_PO")
    assert asset.uri == "poweroffice://acme_po/AccountTransactions"
    assert asset == Asset(name=asset.uri, uri="poweroffice://Acme_PO/AccountTransactions")
    assert is_ours(asset)
    assert not is_ours(Asset("file:///tmp/x"))
    assert (
        poweroffice_asset("data/CustomersV3", conn_id="fo", scheme="d365fo").uri
        == "d365fo://fo/data/CustomersV3"
    )


@pytest.mark.parametrize(
    "uri",
    [
        "poweroffice://",
        "poweroffice://acme",
        "poweroffice:///Customers",
        "poweroffice://acme/Customers?page=1",
    ],
)
def test_bad_uri(uri: str) -> None:
    """A URI that names no collection, or holds more, fails while the DAG file is read."""
    with pytest.raises(ValueError, match="must be poweroffice://"):
        Asset(uri)


def test_template_is_no_asset() -> None:
    """What a template will render is not known when assets are collected."""
    with pytest.raises(ValueError, match=r"endpoint .* known while the DAG file is read"):
        poweroffice_asset("{{ params.endpoint }}")
    with pytest.raises(ValueError, match="conn_id"):
        poweroffice_asset("Customers", conn_id="{{ var.value.x }}")


def test_openlineage() -> None:
    """OpenLineage gets the connection as the namespace."""
    dataset = to_openlineage(poweroffice_asset("reports/Customers", conn_id="acme"), None)
    assert (dataset.namespace, dataset.name) == ("poweroffice://acme", "reports/Customers")
