"""Many records: each once whatever happens, nothing before all is looked at, nothing for what is the same."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from support import FakeClock
from support.batches import Batches, KilledError, customers

from airflow_provider_poweroffice.api import Client
from airflow_provider_poweroffice.batches.engine import ALIKE
from airflow_provider_poweroffice.errors import (
    BatchFailedError,
    InvalidBatchError,
    PermissionDeniedError,
    PowerOfficeError,
)
from poweroffice_sandbox import Sandbox

FAULTS: list[dict[str, Any]] = [
    {"action": "reset_after"},
    {"action": "truncate"},
    {"action": "reset_before"},
    {"action": "status_after", "status": 502},
    {"action": "status_after", "status": 504},
    {"action": "status", "status": 503},
    {"action": "status", "status": 429, "headers": {"Retry-After": "1"}},
    {"action": "garbage"},
]


def writes(sandbox: Sandbox) -> int:
    """Count what was asked for besides reads."""
    return sum(entry.method != "GET" and "Token" not in entry.path for entry in sandbox.journal())


def rows_of(client: Client, endpoint: str = "Customers") -> list[dict[str, Any]]:
    """Read a list whole."""
    with client.pages(endpoint) as pages:
        return [row for page in pages for row in page.rows]


def numbers(client: Client) -> Counter[int]:
    """Count the customers that the batches made, by number."""
    found = (row.get("ExternalNumber") or 0 for row in rows_of(client))
    return Counter(number for number in found if number >= 90_000)


@pytest.mark.sample(1)
@pytest.mark.parametrize(
    "seed", [*range(6), *(pytest.param(n, marks=pytest.mark.wide) for n in range(6, 30))]
)
def test_each_record_once(
    batches: Batches, client: Client, sandbox: Sandbox, kill: Callable[[int], None], seed: int
) -> None:
    """Lost replies, 5xx after the work, cut answers and kills, until it is done: each record is once."""
    rng = random.Random(seed)  # noqa: S311 - the same steps in every run
    for fault in rng.sample(FAULTS, 3):
        sandbox.add_fault(**fault, method="POST", path="/Customers", chance=0.15)
    rows = customers(230)
    action = "create" if seed % 2 else "upsert"
    done = False
    for _ in range(30):
        kill(rng.randint(1, 4))
        try:
            batches.run(rows, action=action)
            done = True
            break
        except KilledError:
            if rng.random() < 0.3:
                sandbox.clear_faults()
        except BatchFailedError:
            sandbox.clear_faults()
    kill(0)
    sandbox.clear_faults()
    if not done:
        batches.run(rows, action=action)
    assert numbers(client) == Counter(row["no"] for row in rows)
    found = batches.results()
    assert [one["line"] for one in found] == list(range(1, 231))
    assert {one["status"] for one in found} <= {"created", "unchanged"}
    assert {one["key"] for one in found} == {str(row["no"]) for row in rows}


def test_goes_on_where_it_ended(batches: Batches, sandbox: Sandbox, kill: Callable[[int], None]) -> None:
    """What is in published parts is not sent again: a kill repeats what was under way, no more."""
    rows = customers(400)
    kill(5)  # the note, three parts, and then
    with pytest.raises(KilledError):
        batches.run(rows, action="create")
    kill(0)
    sent = writes(sandbox)
    parts = [path.read_text().splitlines() for path in (batches.folder / "run/parts").iterdir()]
    published = sum(map(len, parts))
    assert 150 <= published < sent < 250
    receipt = batches.run(rows, action="create")
    assert receipt["created"] == 400
    assert writes(sandbox) - sent == 400 - published
    again = writes(sandbox)
    batches.run(rows, action="create")
    assert writes(sandbox) == again


def test_unchanged_rows_cost_nothing(batches: Batches, sandbox: Sandbox) -> None:
    """A second run over the same rows only reads; of changed ones each is one request."""
    rows = customers(300)
    batches.run(rows)
    before = writes(sandbox)
    assert batches.run(rows, folder="second")["unchanged"] == 300
    assert writes(sandbox) == before
    for row in rows[10:60]:
        row["city"] = "Oslo"
    journal = len(sandbox.journal())
    receipt = batches.run(rows, folder="third")
    assert (receipt["updated"], receipt["unchanged"]) == (50, 250)
    assert writes(sandbox) - before == 50
    assert len(sandbox.journal()) - journal <= 51  # 1.02 of the changed rows


def test_a_bad_file_is_told_whole(batches: Batches, client: Client, sandbox: Sandbox) -> None:
    """Twelve kinds of faults among 200 rows: one report names each with its lines, and nothing is written."""
    good = {"dep": "10", "delivery": None, "ref": None, "note": None, "person": None}
    rows: list[Any] = [row | good for row in customers(200)]
    code = rows_of(client, "Departments")[0]["Code"]
    for row in rows:
        row["dep"] = code
    rows[5]["no"] = rows[3]["no"]
    rows[9]["no"] = None
    rows[19]["ref"] = "r" * 51
    rows[29]["delivery"] = "Pdf"
    rows[39]["name"] = None
    rows[49]["name"] = 7
    rows[59]["dep"] = rows[69]["dep"] = "nowhere"
    rows[79]["person"] = "perhaps"
    del rows[89]["city"]
    rows[99]["no"] = "90x"
    lines = [json.dumps(row).encode() for row in rows]
    lines[109] = b'{"no": 1, "name": '
    lines[119] = b"[1, 2]"
    lines[129] = b'{"no": 90129, "name": "Kaf\xe9"}'
    lines[139] = json.dumps(rows[139] | {"note": "EmailAdress"}).encode()
    lines[149] = json.dumps(rows[149] | {"note": "nothing"}).encode()
    mapping = compile_bad()
    before = writes(sandbox)
    with pytest.raises(InvalidBatchError) as caught:
        batches.run(b"\n".join(lines), mapping=mapping, lookups={"DepartmentId": ("Departments", "Code")})
    told = str(caught.value)
    for text in (
        "lines 4, 6: ExternalNumber '90003' is in 2 records: lines 4, 6",
        "line 10: the key ExternalNumber is missing",
        "line 20: ExternalImportReference takes at most 50 characters, not 51",
        "line 30: InvoiceDeliveryType takes one of",
        "line 40: Name is required",
        "line 50: Name takes text",
        "lines 60, 70: DepartmentId: no row of Departments with Code 'nowhere'",
        "line 80: IsPerson takes true or false",
        "line 90: the mapping fails: KeyError",
        "line 100: ExternalNumber takes a whole number",
        "line 110: is not a JSON object",
        "line 120: is not a JSON object",
        "line 130: is not a JSON object",
        "line 140: EmailAdress is not known; did you mean EmailAddress?",
        "line 150: the mapping gives no field",
        "17 of 200 records cannot be written as they are; nothing was sent",
    ):
        assert text in told
    assert writes(sandbox) == before
    assert sandbox.count("GET", "/Departments") == 2  # the test's own, and one
    problems = (batches.folder / "run/problems.ndjson").read_text().splitlines()
    assert len({json.loads(line)["line"] for line in problems}) == 17


def compile_bad() -> Callable[[dict[str, Any]], Any]:
    """Make the mapping of the bad file."""

    def body(row: dict[str, Any]) -> dict[str, Any]:
        if row["note"] == "nothing":
            return {}
        found = {
            "ExternalNumber": row["no"],
            "Name": row["name"],
            "DepartmentId": row["dep"],
            "MailAddress": {"City": row["city"], "ZipCode": "5003"},
            "InvoiceDeliveryType": row["delivery"],
            "ExternalImportReference": row["ref"],
            "IsPerson": row["person"],
        }
        return found | ({row["note"]: "x"} if row["note"] else {})

    return body


def test_some_may_be_bad(batches: Batches, client: Client) -> None:
    """With max_failures the rest is written, and the bad ones are results."""
    rows = customers(20)
    rows[4]["name"] = None
    with pytest.raises(InvalidBatchError):
        batches.run(rows, max_failures=0.04)
    receipt = batches.run(rows, max_failures=0.05)
    assert (receipt["created"], receipt["invalid"]) == (19, 1)
    (bad,) = (one for one in batches.results() if one["status"] == "invalid")
    assert (bad["line"], bad["error"]["detail"]) == (5, "Name is required")
    assert sum(numbers(client).values()) == 19


def test_a_retry_sends_what_failed(batches: Batches, sandbox: Sandbox) -> None:
    """Refused records are told with their trace id; the next try sends only these."""
    sandbox.add_fault(action="status", status=400, method="POST", path="/Customers", every=10)
    rows = customers(100)
    with pytest.raises(BatchFailedError, match="10 of 100 records are not done: line "):
        batches.run(rows)
    bad = [one for one in batches.results() if one["status"] == "failed"]
    assert len(bad) == 10
    assert all(one["error"]["type"] == "BadRequestError" and one["error"]["status"] == 400 for one in bad)
    sandbox.clear_faults()
    before = writes(sandbox)
    assert batches.run(rows)["created"] == 100
    assert writes(sandbox) - before == 10


def test_another_input_is_refused(batches: Batches, sandbox: Sandbox, kill: Callable[[int], None]) -> None:
    """A retry of a batch whose rows, or whose mapping, have changed sends nothing."""
    rows = customers(120)
    kill(3)
    with pytest.raises(KilledError):
        batches.run(rows)
    kill(0)
    before = writes(sandbox)
    changed = [*rows[:-1], rows[-1] | {"name": "Another"}]
    for given, mapping in (
        (changed, None),
        (rows, {"ExternalNumber": "{{ row.no }}", "Name": "{{ row.city }}"}),
    ):
        with pytest.raises(
            ValueError, match=r"records are not those of the earlier try, which got 5\d of 120 done"
        ):
            batches.run(given, **({"mapping": mapping} if mapping else {}))
    assert writes(sandbox) == before
    assert batches.run(rows)["records"] == 120


def test_without_an_identity_nothing_is_repeated(
    batches: Batches, client: Client, sandbox: Sandbox, kill: Callable[[int], None]
) -> None:
    """Calls whose repetition nobody could tell are noted first; lost ones are uncertain, and stay so."""
    rows = [{"Name": f"Levering {n}"} for n in range(60)]
    job: dict[str, Any] = {"endpoint": "DeliveryTerms", "action": "create", "key": "Name", "mapping": None}
    before = len(rows_of(client, "DeliveryTerms"))
    sandbox.add_fault(action="reset_after", method="POST", path="/DeliveryTerms", times=1)
    kill(3)  # the note, the wave, and then
    with pytest.raises(KilledError):
        batches.run(rows, **job)
    kill(0)
    assert len(rows_of(client, "DeliveryTerms")) == before + 50
    for _ in range(2):
        with pytest.raises(BatchFailedError, match="50 of 60 records are not done"):
            batches.run(rows, **job)
    statuses = Counter(one["status"] for one in batches.results())
    assert statuses == {"uncertain": 50, "created": 10}
    assert len(rows_of(client, "DeliveryTerms")) == before + 60


def test_what_was_not_sent_is_not_uncertain(batches: Batches, client: Client, sandbox: Sandbox) -> None:
    """A batch that ends early says so of none but what it sent; the next try sends the rest."""
    rows = [{"Name": f"Levering {n}"} for n in range(60)]
    job: dict[str, Any] = {"endpoint": "DeliveryTerms", "action": "create", "key": "Name", "mapping": None}
    before = len(rows_of(client, "DeliveryTerms"))
    sandbox.add_fault(action="status", status=403, method="POST", path="/DeliveryTerms", times=1)
    with pytest.raises(PermissionDeniedError):
        batches.run(rows, **job)
    assert len(rows_of(client, "DeliveryTerms")) < before + 60
    assert batches.run(rows, **job)["created"] == 60
    assert len(rows_of(client, "DeliveryTerms")) == before + 60


@pytest.mark.parametrize(
    ("fault", "error"),
    [({"status": 400}, BatchFailedError), ({"status": 403}, PermissionDeniedError)],
)
def test_stops_where_all_fail(
    batches: Batches, sandbox: Sandbox, fault: dict[str, Any], error: type[PowerOfficeError]
) -> None:
    """Twenty failures alike, or a missing privilege, end the batch long before its end."""
    sandbox.add_fault(action="status", method="POST", path="/Customers", times=0, **fault)
    with pytest.raises(error):
        batches.run(customers(500))
    assert writes(sandbox) < 60
    assert len(batches.results()) >= (ALIKE if error is BatchFailedError else 1)


def test_what_failed_comes_last_in_a_retry(batches: Batches, client: Client, sandbox: Sandbox) -> None:
    """Records that can never be written end a try; the next one takes all others first."""
    rows = customers(100)
    sandbox.add_fault(action="status", status=400, method="POST", path="/Customers", times=0)
    failed: list[set[int]] = []
    for _ in range(3):
        with pytest.raises(BatchFailedError, match="20 records one after another failed alike"):
            batches.run(rows)
        parts = (batches.folder / "run" / "parts").glob("*.ndjson")
        lines = {json.loads(line)["line"] for part in parts for line in part.read_text().splitlines()}
        failed.append(lines.difference(*failed))
    assert all(len(lines) >= 20 for lines in failed)
    sandbox.clear_faults()
    assert batches.run(rows)["created"] == 100
    assert numbers(client) == Counter(row["no"] for row in rows)


def test_update_and_delete(batches: Batches, client: Client, sandbox: Sandbox) -> None:
    """Updates and deletes find their records by the key; what is not there is told, or gone already."""
    rows = customers(30)
    batches.run(rows)
    before = writes(sandbox)
    small = {"ExternalNumber": "{{ row.no }}", "EmailAddress": "post@{{ row.no }}.example"}
    with pytest.raises(InvalidBatchError, match="line 31: no row of Customers has ExternalNumber '90030'"):
        batches.run(customers(31), action="update", mapping=small, folder="a")
    assert writes(sandbox) == before
    assert batches.run(rows, action="update", mapping=small, folder="b")["updated"] == 30
    mails = {row["EmailAddress"] for row in rows_of(client) if (row.get("ExternalNumber") or 0) >= 90_000}
    assert mails == {f"post@{row['no']}.example" for row in rows}
    only = {"ExternalNumber": "{{ row.no }}"}
    receipt = batches.run(customers(31), action="delete", mapping=only, folder="c")
    assert (receipt["deleted"], receipt["unchanged"]) == (30, 1)
    assert numbers(client) == Counter()


def test_vouchers(batches: Batches, client: Client, sandbox: Sandbox) -> None:
    """Balance, lock date, accounts, control accounts, VAT codes: looked at before anything is posted."""
    accounts = {row["AccountNo"]: row["Id"] for row in rows_of(client, "GeneralLedgerAccounts")}
    vat = rows_of(client, "VatCodes")[0]["Id"]
    contact = rows_of(client)[0]["SubledgerAccountId"]
    lock = client.request("GET", "LockDateSettings").body["LockDate"]

    def voucher(name: str, *amounts: float, account: int = accounts[1920], **head: Any) -> dict[str, Any]:
        lines = [{"AccountId": account, "CurrencyAmount": amount, "VatId": vat} for amount in amounts]
        for line in lines:
            line["PostingDate"] = head.get("VoucherDate", "2025-11-30")
        return {
            "ExternalImportReference": name,
            "CurrencyCode": "NOK",
            "VoucherDate": "2025-11-30",
            "VoucherLines": lines,
        } | head

    good = [voucher(f"v{n}", 0.1 + n, 0.2, -0.3 - n) for n in range(30)]
    good[3]["VoucherLines"][0]["AccountId"] = contact
    bad = [
        voucher("b1", 100.10, -100.09),
        voucher("b2", 1, -1, VoucherDate=lock),
        voucher("b3", 1, -1, account=accounts[1500]),
        voucher("b4", 1, -1, account=1),
        voucher("b5", 1, -1),
        voucher("b6"),
    ]
    bad[4]["VoucherLines"][0]["VatId"] = 99_999_999
    job: dict[str, Any] = {"endpoint": "Vouchers/ManualJournals", "action": "create", "mapping": None}
    job["key"] = "ExternalImportReference"
    with pytest.raises(InvalidBatchError) as caught:
        batches.run(good + bad, **job)
    for text in (
        "line 31: the voucher does not balance: the sum of its lines is 0.01",
        f"line 32: {lock} is on or before the lock date {lock}",
        "line 33: account 1500 is a control account: use a contact's SubledgerAccountId",
        "line 34: no account has the id 1",
        "line 35: no VAT code has the id 99999999",
        "line 36: the voucher has no lines",
    ):
        assert text in str(caught.value)
    assert writes(sandbox) == 0
    assert batches.run(good, **job, folder="good")["created"] == 30
    posted = [entry for entry in sandbox.journal() if entry.method == "POST" and "Manual" in entry.path]
    assert len(posted) == 30


def test_what_a_patch_does_not_take_is_told_before(
    batches: Batches, client: Client, sandbox: Sandbox
) -> None:
    """A code that would have to be changed is refused with the id's name; a look-up gives that id."""
    codes = [row["Code"] for row in rows_of(client, "Departments")][:2]
    by_code = {"ExternalNumber": "{{ row.no }}", "Name": "{{ row.name }}", "DepartmentCode": "{{ row.dep }}"}
    batches.run(customers(3, dep=codes[0]), mapping=by_code)
    before = writes(sandbox)
    with pytest.raises(InvalidBatchError, match="DepartmentId"):
        batches.run(customers(3, dep=codes[1]), mapping=by_code, folder="a")
    assert writes(sandbox) == before
    by_id = {"ExternalNumber": "{{ row.no }}", "Name": "{{ row.name }}", "DepartmentId": "{{ row.dep }}"}
    lookups = {"DepartmentId": ("Departments", "Code")}
    assert batches.run(customers(3, dep=codes[1]), mapping=by_id, lookups=lookups, folder="b")["updated"] == 3
    assert (
        batches.run(customers(3, dep=codes[1]), mapping=by_id, lookups=lookups, folder="c")["unchanged"] == 3
    )


def test_a_key_that_is_there_twice(batches: Batches, client: Client, sandbox: Sandbox) -> None:
    """Two rows of the server with one key: which is meant nobody knows."""
    for _ in range(2):
        client.request("POST", "Customers", body={"Name": "Tvilling AS"})
    before = writes(sandbox)
    with pytest.raises(InvalidBatchError, match="line 1: Name 'Tvilling AS' is not unique there: Ids "):
        batches.run([{"Name": "Tvilling AS", "EmailAddress": "a@b.example"}], key="Name", mapping=None)
    assert writes(sandbox) == before
    who = [{"Name": "x", "SalesPersonEmployeeId": "Tvilling AS"}]
    lookups = {"SalesPersonEmployeeId": ("Customers", "Name")}
    with pytest.raises(InvalidBatchError, match="several rows of Customers with Name 'Tvilling AS'"):
        batches.run(who, key=None, action="create", mapping=None, lookups=lookups)
    with pytest.raises(ValueError, match="key='Nmae' is not a field of the rows of 'Customers'"):
        batches.run([{"Nmae": "x"}], key="Nmae", mapping=None)


def test_preview(batches: Batches, sandbox: Sandbox) -> None:
    """A preview counts what would be done, shows the first calls, and writes neither there nor here."""
    rows = customers(40)
    batches.run(rows[:30])
    rows[2]["city"] = "Oslo"
    rows[39]["name"] = None
    before = writes(sandbox)
    found = batches.preview(rows)
    assert found["counts"] == {"create": 9, "update": 1, "unchanged": 29, "invalid": 1}
    assert found["would"][0]["method"] == "PATCH"
    assert found["would"][1]["body"]["Name"] == "Kunde 30 AS"
    assert [problem["line"] for problem in found["problems"]] == [40]
    assert writes(sandbox) == before
    assert [path.name for path in batches.folder.iterdir()] == ["run"]


def test_progress_is_logged(batches: Batches, clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    """Each part says how far it is; the time is the client's own."""
    caplog.set_level("INFO")
    clock.sleep(1)
    batches.run(customers(120))
    lines = [record.message for record in caplog.records if " of 120, " in record.message]
    assert len(lines) == 3
    assert lines[-1].startswith("Customers: 120 of 120, ")
    assert lines[-1].endswith("created 120")


@pytest.mark.parametrize(
    "seed", [1, pytest.param(2, marks=pytest.mark.wide), pytest.param(3, marks=pytest.mark.wide)]
)
def test_updates_and_deletes_end(
    batches: Batches, client: Client, sandbox: Sandbox, kill: Callable[[int], None], seed: int
) -> None:
    """Under the same faults and kills each change arrives, each record is made once, what is to go goes."""
    rng = random.Random(seed)  # noqa: S311 - the same steps in every run
    rows = customers(90)
    batches.run(rows[:60], folder="before")
    for fault in rng.sample(FAULTS, 4):
        for method in ("POST", "PATCH", "DELETE"):
            sandbox.add_fault(**fault, method=method, path="/Customers", chance=0.1)

    def until_done(given: list[dict[str, Any]], folder: str, **job: Any) -> Counter[str]:
        for _ in range(40):
            kill(rng.randint(1, 4))
            try:
                batches.run(given, folder=folder, **job)
            except (KilledError, BatchFailedError):
                continue
            finally:
                kill(0)
            return Counter(one["status"] for one in batches.results(folder))
        raise AssertionError(f"{folder} does not end")

    changed = [row | {"city": "Oslo"} for row in rows]
    statuses = until_done(changed, "upsert")
    assert statuses.keys() <= {"created", "updated", "unchanged"}
    assert statuses.total() == 90
    assert numbers(client) == Counter(row["no"] for row in rows)
    mail = {"ExternalNumber": "{{ row.no }}", "EmailAddress": "post@{{ row.no }}.example"}
    assert until_done(rows, "update", action="update", mapping=mail).keys() <= {"updated", "unchanged"}
    found = [row for row in rows_of(client) if (row.get("ExternalNumber") or 0) >= 90_000]
    assert {row["EmailAddress"] for row in found} == {f"post@{row['no']}.example" for row in rows}
    assert {row["MailAddress"]["City"] for row in found} == {"Oslo"}
    only = {"ExternalNumber": "{{ row.no }}"}
    assert until_done(rows, "delete", action="delete", mapping=only).keys() <= {"deleted", "unchanged"}
    assert numbers(client) == Counter()
