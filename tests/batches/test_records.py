"""Records of every format with their lines, and bodies made of them with their types kept."""

from __future__ import annotations

import gzip
import io
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.spec import AbstractBufferedFile

from airflow_provider_poweroffice.api.catalogue.bodies import body_of
from airflow_provider_poweroffice.batches import records
from airflow_provider_poweroffice.batches.mapping import compile_mapping, typed
from airflow_provider_poweroffice.batches.records import Unreadable, format_of, read_records
from airflow_provider_poweroffice.storage.codecs import zstd


def read(content: bytes, form: str) -> list[tuple[int, Any]]:
    """Read the content of a file."""
    return list(read_records(io.BytesIO(content), form))


def test_ndjson() -> None:
    """Lines keep their numbers past empty and broken ones; amounts are exact; compression and a BOM go."""
    content = b'\xef\xbb\xbf{"a": 1.10}\n\n{"a": \n[1]\n{"a": "x"}\r\n"text"\n{"a": 12345678901234567890}'
    found = read(content, "ndjson")
    assert found == read(gzip.compress(content), "ndjson.gz")
    assert found == read(zstd().compress(content), "ndjson.zst")
    assert [line for line, _ in found] == [1, 3, 4, 5, 6, 7]
    assert found[0][1] == {"a": Decimal("1.10")}
    assert str(found[0][1]["a"]) == "1.10"
    assert found[5][1] == {"a": 12345678901234567890}
    assert [isinstance(row, Unreadable) for _, row in found] == [False, True, True, False, True, False]


@pytest.mark.parametrize(
    ("form", "compress"),
    [("ndjson.gz", gzip.compress), ("ndjson.zst", zstd().compress)],
)
def test_a_file_that_breaks_off(form: str, compress: Callable[[bytes], bytes]) -> None:
    """A cut upload is told, with the line behind the last that is there; so is one that was damaged."""
    content = compress(b'{"a": 1}\n' * 20_000 + bytes(range(200)))
    damaged = content[: len(content) // 2] + b"\xff" * 8 + content[len(content) // 2 + 8 :]
    assert any(isinstance(row, Unreadable) for _, row in read(damaged, form))
    found = read(content[: len(content) // 2], form)
    assert isinstance(found[-1][1], Unreadable)
    assert "the file breaks off here" in found[-1][1]
    assert found[-1][0] == len(found)


def test_csv() -> None:
    """Cells are texts, empty ones None; a row that does not fit the header is told with its line."""
    content = (
        "\ufeffno;name;note\r\n"
        "007;Kafé Å;\r\n"
        '8;"two\nlines; and ""quotes""";x\r\n'
        "\r\n"
        "9;short\r\n"
        '10;"broken"x;y\r\n'
        "11;a;b;c\r\n"
        "12;fine;z\r\n"
    ).encode() + b"13;Kaf\xe9;\r\n14;last;"
    found = read(content, "csv")
    assert found[0] == (2, {"no": "007", "name": "Kafé Å", "note": None})
    assert found[1] == (3, {"no": "8", "name": 'two\nlines; and "quotes"', "note": "x"})
    assert {line: str(row) for line, row in found if isinstance(row, Unreadable)} == {
        6: "has 2 cells, and the header 3",
        7: "is not CSV (';' expected after '\"')",
        8: "has 4 cells, and the header 3",
        10: "is not UTF-8",
    }
    assert [line for line, _ in found][-1] == 11
    assert read(b"a,b\n1,2\n", "csv") == [(2, {"a": "1", "b": "2"})]
    assert read(b"a\tb\n1\t2\n", "csv") == [(2, {"a": "1", "b": "2"})]
    assert read(b"a,b\n", "csv") == []
    for nothing in (b"", b"\n1,2\n", b"\xef\xbb\xbf"):
        with pytest.raises(ValueError, match=r"the CSV has no header: its first line is (empty|missing)"):
            read(nothing, "csv")
    for header in (b"a,a\n1,2\n", b"a,,c\n1,2,3\n"):
        with pytest.raises(ValueError, match="the header of the CSV has a name that is empty or there twice"):
            read(header, "csv")
    for content in ("nø,a\n1,2\n".encode("latin-1"), "no\n1\n".encode("utf-16")):
        with pytest.raises(ValueError, match="the header of the CSV is not UTF-8"):
            read(content, "csv")


def test_json() -> None:
    """An array of objects, numbered from 1; anything else is refused whole."""
    assert read(b'[{"a": 0.1}, 7, {"a": null}]', "json") == [
        (1, {"a": Decimal("0.1")}),
        (2, "is not a JSON object"),
        (3, {"a": None}),
    ]
    for content in (b'{"a": 1}', b"[1", b""):
        with pytest.raises(ValueError, match="the file"):
            read(content, "json")


def test_parquet() -> None:
    """Rows of a Parquet file, decimals and dates with their types."""
    file = io.BytesIO()
    pq.write_table(pa.table({"no": [1, 2], "amount": [Decimal("1.10"), None]}), file)
    assert read(file.getvalue(), "parquet") == [
        (1, {"no": 1, "amount": Decimal("1.10")}),
        (2, {"no": 2, "amount": None}),
    ]
    file = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["no", "no"]), file)
    with pytest.raises(
        ValueError, match="the schema of the file has a name that is empty or there twice: 'no'"
    ):
        read(file.getvalue(), "parquet")


@pytest.mark.parametrize(
    ("path", "given", "form"),
    [
        ("s3://b/x.csv", None, "csv"),
        ("s3://b/X.NDJSON.GZ", None, "ndjson.gz"),
        ("s3://b/x.jsonl", None, "ndjson"),
        ("s3://b/x", "json", "json"),
        ("s3://b/x.txt.gz", "csv", "csv.gz"),
        ("s3://b/x.csv.zst", None, "csv.zst"),
        ("s3://b/x.txt", None, None),
        ("s3://b/x.parquet.gz", None, None),
    ],
)
def test_formats(path: str, given: str | None, form: str | None) -> None:
    """A format is that which is given, or that of the name."""
    if form:
        assert format_of(path, given) == form
        return
    with pytest.raises(ValueError, match="the format of 's3://b/x"):
        format_of(path, given)


def test_templates_keep_types() -> None:
    """One expression gives its value as it is; a text with an expression in it is a text."""
    row = {
        "id": 7,
        "no": "007",
        "amount": Decimal("1.10"),
        "items": ["a"],
        "none": None,
        "name": "Å",
        "e": "1e5",
    }
    mapping = {
        "a": "{{ row.id }}",
        "b": "{{row.no}}",
        "c": "{{ row.amount * 2 }}",
        "d": "{{ row.items }}",  # a column, not the dict's method
        "e": "{{ row.e }}",
        "f": "no. {{ row.id }}",
        "g": ["{{ row.none }}", {"h": "{{ row.name | upper }}"}],
        "i": "{% if row.id > 5 %}many{% else %}few{% endif %}",
        "j": 5,
        "k": "{{ params.k }}-{{ run_id }}",
        "l": "{{ '}}' }}",
        "m": "{{- row.id -}}",
    }
    assert compile_mapping(mapping, {"params": {"k": "p"}, "run_id": "r"})(row) == {
        "a": 7,
        "b": "007",
        "c": Decimal("2.20"),
        "d": ["a"],
        "e": "1e5",
        "f": "no. 7",
        "g": [None, {"h": "Å"}],
        "i": "many",
        "j": 5,
        "k": "p-r",
        "l": "}}",
        "m": 7,
    }


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{{ row.nmae }}", "has no attribute 'nmae'"),
        ("Mr {{ row.nmae }}", "has no attribute 'nmae'"),
        ("Mr {{ row.none }}", "a None would become the text 'None'"),
        ("{{ row.name / 2 }}", "unsupported operand"),
        ("{{ row.name.__class__ }}", "unsafe"),
    ],
)
def test_templates_that_fail(template: str, told: str) -> None:
    """What a template cannot give is an error that names the field."""
    render = compile_mapping({"Name": template}, {})
    with pytest.raises(ValueError, match=rf"mapping\['Name'\]: .*{told}"):
        render({"name": "x", "none": None})


def test_other_mappings() -> None:
    """A function, its dotted name, or nothing at all; whatever else is refused."""
    assert compile_mapping("decimal.Decimal", {}) is Decimal
    assert compile_mapping(None, {})({"a": 1}) == {"a": 1}
    for mapping, error in (
        ({}, TypeError),
        (7, TypeError),
        ("nodots", ValueError),
        ({"a": "{{ row. }}"}, ValueError),
    ):
        with pytest.raises(error):
            compile_mapping(mapping, {})
    for name in ("decimal.nothing", "no_such_module.x"):
        with pytest.raises(ImportError):
            compile_mapping(name, {})


def test_texts_become_what_the_description_says() -> None:
    """Numbers and truth values of CSV are such, where the whole text is one; all else stays as it is."""
    fields = body_of("poweroffice_v2", "POST", "Customers")
    body = {
        "ExternalNumber": "007",
        "Allowance": "1.10",
        "IsPerson": "TRUE",
        "OrganizationNumber": "999111222",
    }
    assert typed(body, fields) == {
        "ExternalNumber": 7,
        "Allowance": Decimal("1.10"),
        "IsPerson": True,
        "OrganizationNumber": "999111222",
    }
    for number, read_as in ((7.0, "7"), (Decimal("7.00"), "7"), (7.5, "7.5"), (math.inf, "inf")):
        assert str(typed({"ExternalNumber": number}, fields)["ExternalNumber"]) == read_as
    odd = {"ExternalNumber": "7,5", "Allowance": "1e9", "IsPerson": "ja", "Unknown": "1", "Number": None}
    assert typed(odd, fields) == odd


@pytest.mark.parametrize(("end", "told"), [("", True), ("\n", False), ("\r\n", False), ("\r", False)])
def test_csv_without_a_last_line_break(end: str, told: bool, caplog: pytest.LogCaptureFixture) -> None:
    """A file that was cut within its last cell reads as a whole one does: the log says so."""
    found = list(read_records(io.BytesIO(f"No,Name\n1,a\n2,b{end}".encode()), "csv"))
    assert found == [(2, {"No": "1", "Name": "a"}), (3, {"No": "2", "Name": "b"})]
    assert ("does not end in a line break" in caplog.text and "line 3" in caplog.text) == told


class Remote(AbstractBufferedFile):  # type: ignore[misc]  # fsspec has no types
    """An object as fsspec's file systems open it, of the network too: its own ``readline`` takes no bound."""

    content = b""

    def __init__(self, content: bytes) -> None:
        self.content = content
        super().__init__(None, "object", size=len(content), block_size=7)

    def _fetch_range(self, start: int, end: int) -> bytes:
        return self.content[start:end]


@pytest.mark.parametrize("form", ["ndjson", "ndjson.gz", "csv", "csv.gz", "json", "json.gz", "parquet"])
def test_objects_of_a_store(form: str) -> None:
    """They are read like local files."""
    plain = {"ndjson": b'{"no": 1}\n{"no": 2}\n', "csv": b"no\n1\n2\n", "json": b'[{"no": 1}, {"no": 2}]'}
    table = io.BytesIO()
    pq.write_table(pa.table({"no": [1, 2]}), table)
    kind, _, packed = form.partition(".")
    content = (plain | {"parquet": table.getvalue()})[kind]
    content = gzip.compress(content) if packed else content
    found = [int(record["no"]) for _, record in read_records(Remote(content), form)]
    assert found == [1, 2]


@pytest.mark.finding("S5")
@pytest.mark.parametrize("zipped", [bytes, gzip.compress])
@pytest.mark.parametrize(
    ("form", "content", "says"),
    [
        ("json", b"[" + b" " * 30_000 + b"]", "^the file is larger than 20000 bytes"),
        ("csv", b"No,Name\n1," + b"a" * 30_000, "a line of the file is longer"),
        ("csv", b"No," + b"a" * 30_000, "a line of the file is longer"),
    ],
)
def test_a_small_file_of_large_content(
    form: str, content: bytes, says: str, zipped: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line, or a whole array, that is larger than any record ends the read before it is in memory."""
    monkeypatch.setattr(records, "LARGEST_LINE", 20_000)
    monkeypatch.setattr(records, "LARGEST_JSON", 20_000)
    form += ".gz" if zipped is gzip.compress else ""
    with pytest.raises(ValueError, match=says):
        list(read_records(io.BytesIO(zipped(content)), form))


@pytest.mark.finding("S5")
def test_a_long_line_of_ndjson(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told with its number, and that what is behind it was not read."""
    monkeypatch.setattr(records, "LARGEST_LINE", 20_000)
    found = list(read_records(io.BytesIO(b'{"a":1}\n{"a":"' + b"x" * 30_000 + b'"}\n{"a":2}\n'), "ndjson"))
    assert found[0] == (1, {"a": 1})
    ((line, told),) = found[1:]
    assert line == 2
    assert isinstance(told, records.Swallowed)
    assert "longer than 20000 bytes" in told
