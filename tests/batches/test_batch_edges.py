"""Batches at their edges: what is counted, what is found by its key, and what a retry may say."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from typing import Any

import pytest
from support.batches import Batches, KilledError, customers

from airflow_provider_poweroffice.api import Client
from airflow_provider_poweroffice.batches import engine
from airflow_provider_poweroffice.errors import BatchFailedError, InvalidBatchError
from poweroffice_sandbox import Sandbox

LINES = "\n".join(["ExternalNumber,Name", *(f"{90_000 + n},Kunde {n}" for n in range(6))]) + "\n"


def rows_of(client: Client, endpoint: str) -> list[dict[str, Any]]:
    """Read a list whole."""
    with client.pages(endpoint) as pages:
        return [row for page in pages for row in page.rows]


def writes(sandbox: Sandbox) -> int:
    """Count what was asked for besides reads."""
    return sum(entry.method != "GET" and "Token" not in entry.path for entry in sandbox.journal())


@pytest.mark.parametrize(
    "content",
    [
        LINES.replace("90001,Kunde", '90001,"Kunde'),  # the quote stays open: to the end is one record
        LINES.replace("90001,Kunde", '90001,"Kunde').replace("Kunde 4", 'Kunde 4",x'),
    ],
    ids=["open", "closed later"],
)
def test_a_quote_that_swallows_lines(batches: Batches, sandbox: Sandbox, content: str) -> None:
    """Records within it are not one that may fail."""
    with pytest.raises(InvalidBatchError, match=r"line 3: .*may hold several records\n"):
        batches.run(content.encode(), form="csv", mapping=None, max_failures=1)
    assert writes(sandbox) == 0


def test_a_file_that_breaks_off_is_not_one_failure(
    batches: Batches, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The records behind the break are not known, so that no count of failures may cover them."""

    class Lost(io.RawIOBase):
        lines = iter([b'{"no": 90000, "name": "Kunde", "city": "Bergen"}\n'])

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            for line in self.lines:
                buffer[: len(line)] = line
                return len(line)
            raise ConnectionResetError(104, "Connection reset by peer")

    monkeypatch.setattr(batches, "file", lambda _rows: io.BufferedReader(Lost()))
    with pytest.raises(ConnectionResetError):
        batches.run([], max_failures=1)
    monkeypatch.undo()
    with pytest.raises(InvalidBatchError, match="line 8: the file breaks off"):
        batches.run(gzip.compress(LINES.encode())[:-6], form="csv.gz", mapping=None, max_failures=1)
    assert writes(sandbox) == 0


def test_a_file_that_ends_within_a_line(batches: Batches, sandbox: Sandbox) -> None:
    """So does an upload that was cut: what was behind it is not known."""
    content = b'{"no": 90000, "name": "Kunde", "city": "Bergen"}\n{"no": 90001, "na'
    with pytest.raises(InvalidBatchError, match=r"line 2: .* and the file ends in it"):
        batches.run(content, max_failures=0.5)
    assert writes(sandbox) == 0


def test_a_blank_key_is_missing(batches: Batches, sandbox: Sandbox) -> None:
    """An update of a record whose key is blank creates none."""
    rows = [{"OrganizationNumber": "  ", "Name": "Havblikk AS"}]
    with pytest.raises(InvalidBatchError, match="the key OrganizationNumber is missing"):
        batches.run(rows, action="update", key="OrganizationNumber", mapping=None)
    assert writes(sandbox) == 0


@pytest.mark.parametrize("text", ["None", " "])
def test_a_look_up_finds_no_row_by_what_it_lacks(
    batches: Batches, client: Client, sandbox: Sandbox, text: str
) -> None:
    """A row without the field is not the one that is called None."""
    client.request("POST", "Customers", body={"Name": "Uten nummer"})
    before = writes(sandbox)
    rows = [{**row, "of": text} for row in customers(1)]
    mapping = {"ExternalNumber": "{{ row.no }}", "Name": "{{ row.name }}", "DepartmentId": "{{ row.of }}"}
    lookups = {"DepartmentId": ("Customers", "OrganizationNumber")}
    with pytest.raises(InvalidBatchError, match=r"DepartmentId: (no|several) row"):
        batches.run(rows, mapping=mapping, lookups=lookups)
    assert writes(sandbox) == before


def test_a_look_up_of_an_unknown_field(batches: Batches) -> None:
    """It would do nothing, and the code would be sent as an id."""
    with pytest.raises(ValueError, match=r"lookups.*did you mean 'DepartmentId'"):
        batches.run(customers(1), lookups={"DepartmentIdx": ("Departments", "Code")})


def test_a_look_up_spelled_otherwise(batches: Batches, client: Client) -> None:
    """Fields are known in any case, as in the mapping."""
    code = next(row for row in rows_of(client, "Departments") if str(row["Code"]) != str(row["Id"]))
    mapping = {"ExternalNumber": "{{ row.no }}", "Name": "K", "departmentId": code["Code"]}
    batches.run(customers(1), mapping=mapping, lookups={"departmentid": ("Departments", "Code")})
    (made,) = [row for row in rows_of(client, "Customers") if row.get("ExternalNumber") == 90_000]
    assert made["DepartmentId"] == code["Id"]


def test_codes_keep_their_zeros(batches: Batches, client: Client) -> None:
    """What is looked up is the text that the file has, whatever its id will be."""
    ids = [
        client.request("POST", "Departments", body={"Code": code, "Name": code}).body["Id"]
        for code in ("77", "077")
    ]
    content = "ExternalNumber,Name,DepartmentId\n90000,A,77\n90001,B,077\n"
    lookups = {"DepartmentId": ("Departments", "Code")}
    batches.run(content.encode(), form="csv", mapping=None, lookups=lookups)
    rows = sorted(rows_of(client, "Customers"), key=lambda row: row.get("ExternalNumber") or 0)
    assert [row["DepartmentId"] for row in rows if (row.get("ExternalNumber") or 0) >= 90_000] == ids


def test_a_share_is_exact(batches: Batches) -> None:
    """0.29 of 100 are 29, and not 28.999… of them."""
    rows = [*customers(71), *({"no": None, "name": "x", "city": "x"} for _ in range(29))]
    assert batches.run(rows, max_failures=0.29)["invalid"] == 29


def test_what_is_done_is_no_problem(batches: Batches, client: Client, kill: Callable[[int], None]) -> None:
    """A retry holds nothing against records that an earlier try has written, and says what was sent."""
    rows = customers(120)
    kill(4)
    with pytest.raises(KilledError):
        batches.run(rows, key="Name")
    kill(0)
    for row in rows_of(client, "Customers"):
        if row.get("ExternalNumber") == 90_000:  # its twin
            client.request("POST", "Customers", body={"Name": row["Name"]})
    receipt = batches.run(rows, key="Name")
    assert (receipt["invalid"], receipt["records"]) == (0, 120)


def test_an_unexpected_error_is_not_repeated(
    batches: Batches, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is raised after a call has left, one that the server cannot tell is not sent again."""
    real, calls = engine.write_call, []

    def breaks(*args: Any, **kwargs: Any) -> Any:
        written = real(*args, **kwargs)
        calls.append(written)
        if len(calls) == 2:
            raise KeyError("Id")
        return written

    monkeypatch.setattr(engine, "write_call", breaks)
    rows = [{"Name": f"Levering {n}"} for n in range(4)]
    job: dict[str, Any] = {"endpoint": "DeliveryTerms", "action": "create", "key": "Name", "mapping": None}
    before = len(rows_of(client, "DeliveryTerms"))
    for _ in range(2):
        with pytest.raises(BatchFailedError, match="1 of 4"):
            batches.run(rows, **job)
    assert len(rows_of(client, "DeliveryTerms")) == before + 4


@pytest.mark.parametrize(
    "lines",
    [5, [{"AccountId": {"x": 1}}, {"AccountId": [1]}], [{"CurrencyCode": ["NOK"]}, {"CurrencyCode": {}}]],
)
def test_odd_voucher_lines(batches: Batches, lines: Any) -> None:
    """They are problems of their records."""
    rows = [{"VoucherDate": "2026-01-02", "VoucherLines": lines}]
    with pytest.raises(InvalidBatchError):
        batches.run(rows, endpoint="Vouchers/ManualJournals", action="create", key=None, mapping=None)


def test_all_that_is_wrong_with_a_record(batches: Batches, sandbox: Sandbox) -> None:
    """One report has it all: a key that is there twice hides no field, and a look-up no other fault."""
    rows: list[Any] = [*customers(2, dep="nowhere"), {"no": None, "name": None, "city": "x", "dep": "x"}]
    rows[1]["no"] = rows[0]["no"]
    mapping = {
        "ExternalNumber": "{{ row.no }}",
        "Name": "{{ row.name }}",
        "DepartmentId": "{{ row.dep }}",
        "Citty": "{{ row.city }}",
    }
    with pytest.raises(InvalidBatchError) as caught:
        batches.run(rows, mapping=mapping, lookups={"DepartmentId": ("Departments", "Code")})
    told = sorted(str(caught.value).splitlines()[1:])
    assert [line.partition(";")[0] for line in told] == [
        "line 3: DepartmentId: no row of Departments with Code 'x'",
        "line 3: Name is required",
        "line 3: the key ExternalNumber is missing",
        "lines 1, 2, 3: Citty is not known",
        "lines 1, 2: DepartmentId: no row of Departments with Code 'nowhere'",
        "lines 1, 2: ExternalNumber '90000' is in 2 records: lines 1, 2",
    ]
    assert writes(sandbox) == 0


def test_keys_that_differ_in_case(batches: Batches) -> None:
    """They are one key, and each record is told by the key that it has."""
    rows = [{"Code": code, "Name": "Lager"} for code in ("Lag", "LAG")]
    with pytest.raises(InvalidBatchError, match="Code 'Lag' or 'LAG' is in 2 records: lines 1, 2") as caught:
        batches.run(rows, endpoint="Departments", key="Code", mapping=None)
    assert [problem.key for problem in caught.value.problems] == ["Lag", "LAG"]


def test_a_list_is_read_once(batches: Batches, client: Client, sandbox: Sandbox) -> None:
    """Two fields that are looked up in one list cost one read."""
    code = rows_of(client, "Departments")[0]["Code"]
    before = sandbox.count("GET", "/Departments")
    mapping = {
        "ExternalNumber": "{{ row.no }}",
        "Name": "K",
        "DepartmentId": code,
        "SalesPersonEmployeeId": code,
    }
    place = ("Departments", "Code")
    batches.run(
        customers(1),
        mapping=mapping,
        lookups=dict.fromkeys(("DepartmentId", "SalesPersonEmployeeId"), place),
        max_failures=1,
    )
    assert sandbox.count("GET", "/Departments") == before + 1


def test_many_problems_are_few_lines(batches: Batches) -> None:
    """One key in thousands of records is told by the first lines; many values of a fault hide no other."""
    rows = [
        *customers(3000, no=90_000),
        *({"no": n, "name": "K", "city": n} for n in range(30)),
        {"no": 99, "city": "x"},
    ]
    with pytest.raises(InvalidBatchError) as caught:
        batches.run(rows)
    told = str(caught.value).splitlines()
    assert sum(map(len, told)) < 2500
    assert "'name'" in told[1]
    assert "is in 3000 records: lines 1, 2, 3" in told[2]
    assert told[5] == "line 3003: MailAddress.City takes text, not 2"
    assert told[6].endswith("and 7 more: 27 more of this kind")
    problems = (batches.folder / "run" / "problems.ndjson").read_text().splitlines()
    assert len(problems) == 3031
    assert max(map(len, problems)) < 500


def test_what_ended_a_batch_is_told(
    batches: Batches, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """A store that takes no summary hides nothing of it; the results of each call are in the parts."""
    (batches.folder / "run" / "results.ndjson").mkdir(parents=True)
    sandbox.add_fault(action="status", status=400, method="POST", path="/Customers", times=0)
    with pytest.raises(BatchFailedError, match="20 records one after another failed alike"):
        batches.run(customers(100))
    assert "results.ndjson could not be written" in caplog.text
    assert any((batches.folder / "run" / "parts").iterdir())


def test_a_damaged_part(batches: Batches, sandbox: Sandbox, kill: Callable[[int], None]) -> None:
    """What an earlier try has written is not guessed: the file is named, and nothing is sent."""
    kill(4)
    with pytest.raises(KilledError):
        batches.run(customers(200))
    kill(0)
    before = writes(sandbox)
    part = min((batches.folder / "run" / "parts").iterdir())
    part.write_bytes(part.read_bytes()[:-40])
    with pytest.raises(ValueError, match=f"parts/{part.name} is damaged .* start a new run"):
        batches.run(customers(200))
    assert writes(sandbox) == before


def test_what_no_body_can_hold(batches: Batches, client: Client, sandbox: Sandbox) -> None:
    """Bytes would arrive in Base64, and of a field in two casings one would be lost; secrets are blanked."""
    secret = client.connection.credentials.secrets[0]

    def body(row: dict[str, Any]) -> Any:
        if row["no"] == 90_002:
            raise KeyError(secret)
        twice = {"name": "Another"} if row["no"] == 90_001 else {}
        name = b"Kunde" if row["no"] == 90_000 else "K"
        return {"ExternalNumber": row["no"], "Name": name} | twice

    with pytest.raises(InvalidBatchError) as caught:
        batches.run(customers(3), mapping=body)
    for text in (
        "line 1: the mapping gives bytes",
        "line 2: a field is there twice",
        "line 3: the mapping fails: KeyError: '***'",
    ):
        assert text in str(caught.value)
    assert secret not in (batches.folder / "run" / "problems.ndjson").read_text()
    assert writes(sandbox) == 0
