"""Documents of posted vouchers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from flow_client import PDF, members, upload, voucher

if TYPE_CHECKING:
    from sandbox_client import Api


def about(api: Api, number: int) -> dict:
    """Give what there is of a voucher."""
    return api.get("VoucherDocumentation", voucherNo=number).json()[0]


def test_list_and_download_agree(api: Api) -> None:
    """What the list tells of a voucher is what the zip holds; a voucher without documents is 204."""
    for row in api.get("VoucherDocumentation", PageSize=40).json():
        answer = api.get("VoucherDocumentation/Download", id=row["VoucherId"])
        names = set(members(answer)) if answer.status_code == 200 else set()
        assert any(name.endswith(".pdf") for name in names) == row["HasPdf"]
        assert any(name.endswith(".xml") for name in names) == row["HasEhf"]
        assert any(name.endswith(".jpg") for name in names) == row["HasImages"]
        assert (answer.status_code == 204) == (not names)


def test_one_type_only(api: Api) -> None:
    """The type is chosen by documentationType, in any casing; an unknown one is 400."""
    row = next(
        row
        for row in api.get("VoucherDocumentation", PageSize=200).json()
        if row["HasEhf"] and row["HasImages"]
    )
    chosen = members(api.get("VoucherDocumentation/Download", id=row["VoucherId"], documentationType="ehf"))
    assert [name[-4:] for name in chosen] == [".xml"]
    images = members(
        api.get("VoucherDocumentation/Download", id=row["VoucherId"], documentationType="Images")
    )
    assert [name.rpartition("-")[2] for name in images] == ["1.jpg", "2.jpg"]
    assert (
        api.get("VoucherDocumentation/Download", id=row["VoucherId"], documentationType="x").status_code
        == 400
    )


def test_download_of_nothing(api: Api) -> None:
    """An id no voucher has gives 204, a text that is no id 400."""
    nobody = "00000000-0000-4000-8000-000000000000"
    answers = [api.get("VoucherDocumentation/Download", id=key).status_code for key in (nobody, "x", "")]
    assert answers == [204, 400, 400]


@pytest.mark.parametrize("status", ["202", "204"])
def test_put_replaces(start: Callable[..., Api], status: str) -> None:
    """The last PDF put on a voucher is the one downloaded; documentation_put sets the status."""
    api = start(documentation_put=status)
    made = api.post("Vouchers/ManualJournals", voucher(api)).json()
    assert (about(api, made["VoucherNo"])["HasPdf"], about(api, made["VoucherNo"])["IsImported"]) == (
        False,
        True,
    )
    for content in (b"%PDF-1.4 old", PDF):
        assert upload(api, "PUT", "VoucherDocumentation", content, id=made["Id"]).status_code == int(status)
    assert list(members(api.get("VoucherDocumentation/Download", id=made["Id"])).values()) == [PDF]


def test_refused_documents(start: Callable[..., Api], client_of: type[Api]) -> None:
    """Only a PDF, at most 30 MB, on a voucher the same application has posted."""
    api = start()
    made = api.post("Vouchers/ManualJournals", voucher(api)).json()["Id"]
    generated = about(api, 1)["VoucherId"]
    nobody = "00000000-0000-4000-8000-000000000000"
    shop = client_of(api.sandbox, 0, application=1).login()
    answers = (
        upload(api, "PUT", "VoucherDocumentation", b"\x89PNG", id=made),
        upload(api, "PUT", "VoucherDocumentation", b"%PDF-" + bytes(30 * 1024 * 1024), id=made),
        upload(api, "PUT", "VoucherDocumentation", id=generated),
        upload(shop, "PUT", "VoucherDocumentation", id=made),
        upload(api, "PUT", "VoucherDocumentation", id=nobody),
    )
    assert [answer.status_code for answer in answers] == [400, 400, 400, 400, 404]
