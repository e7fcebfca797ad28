"""
Make the catalogue of PowerOffice Go v1 from the digest of the vendor's reference.

    cd airflow_provider_poweroffice/api/catalogue
    python ../../../tools/catalogue_v1.py > poweroffice_v1.txt
    python ../../../tools/catalogue_v1.py --fields > poweroffice_v1_fields.txt
    python ../../../tools/catalogue_v1.py --bodies > poweroffice_v1_bodies.txt
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any

from catalogue import COLUMNS
from digest import VERBS, read

OPTIONS = ("$filter", "$orderby", "$skip", "$top")
# Columns of enumerations are texts: the reference of types gives numbers, the newer description names, and a
# text holds both.
KINDS = {
    "s": "text",
    "i32": "integer",
    "i64": "integer",
    "d": "decimal",
    "b": "boolean",
    "g": "text",
    "ts": "text",
}
# The reference types days and times alike; its samples write these as times, and days without one.
TIME = re.compile(r"(?i)(lastChanged|createdDate|sentDate|validUntil)$")
# Rows that no field of their own tells apart, or that one does which is not marked as the key.
KEYS = {
    "Reporting/CustomerBalance": "CustomerId",
    "Reporting/SupplierBalance": "SupplierId",
    "Reporting/Usage": "",
}
REFERENCE = "externalImportReference"
# What the reference says in words: which fields a new record must have, and how long texts may be.
REQUIRED = {
    "Activity": "activityType code name",
    "BankTransfer": "description receiverName receiverCountryCode payableBankAccount balancingAccountNo "
    "receivableBankAccountCode receivableBankAccountCountryCode",
    "ClientBankAccount": "code",
    "CustomDimensionValue": "customDimensionOrdinal",
    "DebtCollectionStatusUpdateRequest": "caseId statusText",
    "GeneralLedgerAccount": "code name",
    "InvoiceAttachment": "invoiceId fileName base64EncodedData",
    "JournalEntryVoucher": "voucherType currencyCode file",
    "TimeTrackingEntry": "activityCode employeeCode",
    "VoucherDocumentation": "voucherId base64EncodedData fileName fileType",
}
LONGEST = {
    **dict.fromkeys((REFERENCE, "externalImportLineReference", "externalReference"), 50),
    **dict.fromkeys(("saftSourceId", "saftBatchId"), 35),
    "invoiceEmailAddressCC": 2000,
    "JournalEntryVoucher.comment": 250,
    "Activity.code": 50,
    "Activity.name": 400,
}
UPDATED = {"upsert", "update"}
Json = dict[str, Any]


def pascal(name: str) -> str:
    """Spell a name as filters and orders do."""
    return name[:1].upper() + name[1:]


def kind_of(text: str) -> str:
    """Name the type of a field, as a warehouse understands it."""
    kind = text.rstrip("*=~#")
    if kind.startswith("E:"):
        return "enum"
    return KINDS.get(kind, "json")


def row_kinds(fields: Json) -> dict[str, str]:
    """Give each field of a type and its kind."""
    days = {name: "timestamp" if TIME.search(name) else "date" for name in fields}
    return {name: days[name] if text.startswith("dt") else kind_of(text) for name, text in fields.items()}


def key_of(path: str, fields: Json) -> str:
    """Name the field that no two rows share."""
    marked = [name for name, text in fields.items() if "#" in text]
    return KEYS.get(path, pascal(marked[0]) if marked else "Id")


def required(path: str, query: list[str]) -> list[str]:
    """Name what a list must be asked with: both ends of a period that is printed as part of its route."""
    both = {"fromDate", "toDate"} <= set(query) and not path.endswith("Ledger")
    return ["fromDate", "toDate"] if both else []


def line(document: Json, path: str) -> list[str]:
    """Make one line of the catalogue."""
    routes = {verb.upper(): document["routes"].get(f"{verb.upper()} {path}") for verb in VERBS}
    there = {verb: facts for verb, facts in routes.items() if facts}
    get, post = there.get("GET", {}), there.get("POST", {})
    fields = document["types"].get(get.get("type"), {})
    kind = {"list": "paged", "plain": "whole"}.get(get.get("kind", ""), "")
    created = "createdDate" if "createdDate" in fields else ""
    changed = "lastChanged" if "lastChanged" in fields else ""
    is_paged = kind == "paged"
    query = get.get("query", [])
    body = document["types"].get(post.get("body"), {})
    return [
        f"/{path}",
        ",".join(there),
        kind,
        key_of(path, fields) if kind else "",
        pascal(created) if is_paged else "",
        pascal(changed) if is_paged else "",
        created,
        changed,
        ",".join(required(path, query)),
        ",".join([*(OPTIONS if is_paged else ()), *sorted(query)]),
        next(facts.get("privilege", "") for facts in there.values()),
        REFERENCE if REFERENCE in body and post["kind"] in {"upsert", "create"} else "",
        str(get.get("most", "")),
    ]


def bodies(document: Json) -> Iterator[str]:
    """Make a line for each body, then for each type in one, then for each enumeration in these."""
    routes = {route: facts for route, facts in document["routes"].items() if "body" in facts}
    for route, facts in sorted(routes.items()):
        yield f"{route.replace(' ', ' /')} | >{facts['body']}"
    types: dict[str, bool] = {}
    waiting = [(facts["body"], facts["kind"] in UPDATED) for facts in routes.values()]
    while waiting:
        name, is_updated = waiting.pop()
        if is_updated > types.get(name, -1):
            types[name] = is_updated
            inner = {text.strip("[]*=~#") for text in document["types"][name].values()}
            waiting += [(item, is_updated) for item in inner & document["types"].keys()]
    enums = set()
    for name in sorted(types):
        fields = document["types"][name].items()
        enums |= {text.strip("[]*=~#")[2:] for _, text in fields if "E:" in text}
        yield f"{name} | {','.join(written(name, *field, is_updated=types[name]) for field in fields)}"
    for name in sorted(enums):
        values = document["enums"][name].items()
        yield f"@{name} | {'/'.join(f'{number}={text}' for number, text in values)}"


def written(owner: str, name: str, text: str, *, is_updated: bool) -> str:
    """Write a field of a body; an id is one where the record can be changed by it."""
    kind = text.rstrip("*=~#")
    marks = text[len(kind) :]
    # Lists that C# fills are marked as those of answers are.
    is_ours = is_updated if name == "id" and "*" in marks else "*" not in marks or kind.startswith("[")
    is_unwritten = "~" in marks or not is_ours
    needed = name in REQUIRED.get(owner, "").split()
    mark = "~" if is_unwritten else "!" if needed else "=" if "=" in marks and name != "id" else ""
    inner = kind.strip("[]")
    if inner.startswith("E:"):
        said = f"@{inner[2:]}"
    elif inner[0].isupper():
        said = f">{inner}"
    else:
        said = row_kinds({name: inner})[name]
    most = LONGEST.get(f"{owner}.{name}", LONGEST.get(name, ""))
    longest = f"<{most}" if most and said == "text" else ""
    return (
        f"{name}{mark if is_ours and '~' not in marks else '~'}:{'*' * kind.startswith('[')}{said}{longest}"
    )


def fields_lines(document: Json) -> Iterator[str]:
    """Make one line for each list: its path, and the fields of its rows, or the type that bodies have too."""
    known = {line.partition(" | ")[0] for line in bodies(document)}
    for route, facts in document["routes"].items():
        method, path = route.split()
        if method == "GET" and facts["kind"] in {"list", "plain"} and "type" in facts and "{" not in path:
            name = facts["type"]
            kinds = row_kinds(document["types"][name])
            written_out = ",".join(f"{field}:{kind}" for field, kind in kinds.items())
            yield f"/{path} | " + (f">{name}" if name in known else written_out)


def main(what: str = "") -> int:
    """Print the catalogue, the fields of its lists, or its bodies."""
    document = read("poweroffice_v1")
    if what == "--bodies":
        print("call, type or enumeration | fields")
        print("\n".join(bodies(document)))
        return 0
    if what == "--fields":
        print("path | fields")
        print("\n".join(sorted(fields_lines(document))))
        return 0
    paths = sorted({route.split()[1] for route in document["routes"]})
    rows = [list(COLUMNS), *(line(document, path) for path in paths)]
    print("\n".join(" | ".join(row).rstrip() for row in rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
