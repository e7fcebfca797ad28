"""Finance & Operations: whatever a client sends, the answer is one of the service, not a crash."""

from __future__ import annotations

import pytest
from d365fo_client import TEST, Fo

KEY = "dataAreaId='usmf',JournalBatchNumber='JB-000001',LineNumber="


@pytest.mark.parametrize(
    "path",
    [
        f"LedgerJournalLines({KEY}1e999999999)",
        f"LedgerJournalLines({KEY}1e99999999999999999999)",
        f"LedgerJournalLines({KEY}99999999999)",
        f"LedgerJournalLines({KEY}1.5)",
        "CustomersV3()",
        "CustomersV3(=)",
        "CustomersV3(,,,)",
        "CustomersV3('",
        "CustomersV3(dataAreaId='usmf'",
        "CustomersV3(dataAreaId='usmf',dataAreaId='usmf')",
        "ExchangeRates(RateTypeName='a',FromCurrency='b',ToCurrency='c',StartDate=0001-01-01T00:00:00%2B10:00)",
        "ExchangeRates(RateTypeName='a',FromCurrency='b',ToCurrency='c',StartDate=2025-13-41)",
        "%FF%FE",
        "%00",
        "CustomersV3//",
        "CustomersV3/a/b/c",
        "$batch",
        "CustomersV3?$top=99999999999999999999",
        "CustomersV3?$skip=999999999",
        "CustomersV3?$filter=",
        "CustomersV3?$filter=" + "(" * 3000,
        "CustomersV3?$filter=" + "not " * 3000 + "true",
        "CustomersV3?$filter=CreditLimit div 0 eq 1",
        "CustomersV3?$filter=CreditLimit mul 1e99999 mul 1e999999 gt 1",
        "CustomersV3?$filter=CreditLimit eq 1e99999999999999999999",
        "CustomersV3?$filter=true and (false)",
        "CustomersV3?$filter=null eq null",
        "CustomersV3?$filter=Microsoft.Dynamics.DataEntities.Nope'a' eq 'a'",
        "CustomersV3?$orderby=,",
        "CustomersV3?$expand=CustomerGroup($select=)",
        "CustomersV3?$expand=((",
    ],
)
def test_odd_paths(fo: Fo, path: str) -> None:
    """Odd keys and options are answered, with 200 or a 4xx."""
    assert 200 <= fo.call("GET", f"/data/{path}").status_code < 500


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"_request": NaN}',
        b'{"_request": "\\ud800"}',
        b'{"_request": 1e99999999999999999999}',
        b'{"LineNumber": 1e999999999}',
        b'{"CreditLimit": 1e400, "OrganizationName": "A", "CustomerGroupId": "10"}',
        b'{"_request": ' + b"[" * 100_000 + b"}",
        b'{"dateTime": "0001-01-01T00:00:00Z", "timeZoneOffset": -24}',
        b'{"dateTime": 5, "timeZoneOffset": 1e999999999}',
    ],
)
def test_odd_bodies(fo: Fo, body: bytes) -> None:
    """Odd bodies are answered, with 200 or a 4xx, by services, entities and the token endpoints."""
    headers = {"Content-Type": "application/json"}
    targets = [
        f"/api/services/{TEST}/{name}" for name in ("echo", "shiftDateTime", "slow", "setHold", "post")
    ]
    targets += ["/data/CustomersV3", "/data/LedgerJournalLines", "/adfs/oauth2/token", "/x/oauth2/v2.0/token"]
    for path in targets:
        assert 200 <= fo.call("POST", path, data=body, headers=headers).status_code < 500, path


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b--",
        b"--b\r\n--b--\r\n",
        b"--b\r\nContent-Type: application/http\r\n\r\nGET http://[ HTTP/1.1\r\n\r\n\r\n--b--",
        b"--b\r\nContent-Type: application/http\r\n\r\nGET /etc HTTP/1.1\r\n\r\n\r\n--b--",
        b"--b\r\nContent-Type: application/http\r\n\r\nGET http://o.example/data/A HTTP/1.1\r\n\r\n--b--",
        b"--b\r\nContent-Type: application/http\r\n\r\nBREW $batch HTTP/1.1\r\n\r\n\r\n--b--",
        b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\nnothing\r\n--b--",
        b"--b\nContent-Type: application/http\n\nGET UnitsOfMeasure HTTP/1.1\nX: \xff\n\n\n--b--",
    ],
)
def test_odd_batches(fo: Fo, body: bytes) -> None:
    """A batch that cannot be read is 400; one with an operation that cannot be served is 200."""
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    assert fo.call("POST", "/data/$batch", data=body, headers=headers).status_code in {200, 400}
