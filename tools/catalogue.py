"""
Make the catalogue of PowerOffice Go v2 from the digest of the official description.

    cd airflow_provider_poweroffice/api/catalogue
    python ../../../tools/catalogue.py > poweroffice_v2.txt
    python ../../../tools/catalogue.py --fields > poweroffice_v2_fields.txt
    python ../../../tools/catalogue.py --bodies > poweroffice_v2_bodies.txt
"""

from __future__ import annotations

import re
import sys
from typing import Any

from digest import VERBS, read

COLUMNS = (
    "path",
    "verbs",
    "list",
    "key",
    "created filter",
    "changed filter",
    "created field",
    "changed field",
    "required",
    "filters",
    "privilege",
    "reference",
    "most rows",
)
# Unique in collections whose rows have no Id.
KEYS = {
    "/Currencies": "Code",
    "/Customerledger/CustomerBalances": "CustomerId",
    "/Supplierledger/SupplierBalances": "SupplierId",
    "/TrialBalance": "AccountId",
    "/VoucherDocumentation": "VoucherId",
}

# What the server asks for by the description's prose alone.
REQUIRED = {
    "CustomerPostDto": ("Name",),
    "SupplierPostDto": ("Name",),
    "ProductPostDto": ("Name",),
}

# At most so many characters, by the description's prose alone.
LONGEST = {"ExternalImportReference": 50}

# Fields that a PATCH does not take, although its answer does not say that they are read only, by path and
# field: so clients found whose types were made from a later edition.
UNPATCHABLE = re.compile(r"/(Products|ProductGroups|GeneralLedgerAccounts)/\S+ \w*AgricultureDepartment")
# What they take does not follow from what they answer.
PATCHED = {
    "/ClientAdmin/{clientId}/Users/{userId}": "",
    "/Departments/{id}": ">DepartmentPostDto-ManagerEmployeeNo",
    "/Employees/{employeeId}/BankAccounts": "",
}

# Money is declared as a double; it is a decimal all the same.
KINDS: dict[tuple[str, str | None], str] = {
    ("integer", None): "integer",
    ("number", None): "decimal",
    ("boolean", None): "boolean",
    ("string", None): "text",
    ("string", "date"): "date",
    ("string", "date-time"): "timestamp",
}


class Description:
    """The digest, as far as the catalogue asks."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.paths: dict[str, dict[str, Any]] = document["paths"]
        self._schemas = document["types"]

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            schema = self._schemas[schema["$ref"].rsplit("/", 1)[-1]]
        return schema

    def row(self, operation: dict[str, Any]) -> tuple[bool, dict[str, Any]]:
        """Tell whether a GET gives a list, and the properties of a row."""
        content = operation["responses"].get("200", {}).get("content", {})
        schemas = [media["schema"] for kind, media in content.items() if "json" in kind and "schema" in media]
        if not schemas:
            return False, {}
        schema = self._resolved(schemas[0])
        is_list = schema.get("type") == "array"
        return is_list, (self._resolved(schema["items"]) if is_list else schema).get("properties", {})

    def kind(self, schema: dict[str, Any]) -> str:
        """Name the type of a field, as a warehouse understands it."""
        schema = self._resolved(schema)
        if len(schema.get("allOf", ())) == 1:
            schema = self._resolved(schema["allOf"][0])
        name = schema.get("type", "")
        return KINDS.get((name, schema.get("format"))) or KINDS.get((name, None), "json")

    def rows(self, operation: dict[str, Any]) -> tuple[bool, list[str]]:
        """Tell whether a GET gives a list, and the names of a row's fields."""
        is_list, properties = self.row(operation)
        return is_list, list(properties)

    def reference(self, schema: dict[str, Any]) -> str:
        """Name the type that a schema refers to; "" for one that is written out."""
        schema = schema["allOf"][0] if len(schema.get("allOf", ())) == 1 else schema
        return str(schema.get("$ref", "")).rsplit("/", 1)[-1]

    def body_type(self, operation: dict[str, Any]) -> str:
        """Name the type of a JSON body; "" where there is none, or none with fields."""
        content = operation.get("requestBody", {}).get("content", {})
        schemas = [media["schema"] for kind, media in content.items() if "json" in kind and "schema" in media]
        if not schemas:
            return ""
        schema = schemas[0].get("items", schemas[0])
        return self.reference(schema) if "properties" in self._resolved(schema) else ""

    def written(self, name: str, schema: dict[str, Any]) -> tuple[str, str]:
        """Write a field of a body, and name the type within it; empty where the server alone sets it."""
        if schema.get("readOnly"):
            return "", ""
        many = schema.get("type") == "array"
        item = schema["items"] if many else schema
        own, inner = self._resolved(item), self.reference(item)
        if len(own.get("allOf", ())) == 1:
            own = self._resolved(own["allOf"][0])
        if "properties" in own and inner:
            return f"{name}:{'*' * many}>{inner}", inner
        kind = "/".join(map(str, own["enum"])) if len(own.get("enum", ())) > 1 else self.kind(item)
        most = own.get("maxLength", LONGEST.get(name.rstrip("!")))
        longest = f"<{most}" if most else ""
        return f"{name}:{'*' * many}{kind}{longest}", ""

    def patched(self, path: str) -> str:
        """
        Write what a PATCH takes: the type of the POST beside it, without some fields; "" where none is known.

        The description has one type for all of them. What one takes follows from its answer: the fields that
        are not read only, but no lists of objects, which have paths of their own.
        """
        if path in PATCHED:
            return PATCHED[path]
        answers = (self.paths[path].get(verb) for verb in ("patch", "get"))
        shown = next(filter(None, (self.row(answer)[1] for answer in answers if answer)), {})
        taken = {
            field: text
            for field, schema in shown.items()
            if not UNPATCHABLE.fullmatch(f"{path} {field}")
            and (text := self.written(field, schema)[0])
            and ":*>" not in text
        }
        owner, _, own = path.rpartition("/")
        posts = (self.paths.get(f"{owner}{end}", {}).get("post") for end in ("", "/Complete"))
        name = next((self.body_type(post) for post in posts if post and own.startswith("{")), "")
        posted = self._schemas[name]["properties"] if name and taken else {}
        made = [f">{name}" + "".join(f"-{field}" for field in posted if field not in taken)] if posted else []
        return ",".join([*made, *(text for field, text in taken.items() if field not in posted)])

    def bodies(self) -> list[str]:
        """Make a line for each body, and for each type in one."""
        lines, waiting, done = [], [], set()
        for path in sorted(self.paths):
            for verb in VERBS:
                if verb in self.paths[path] and (name := self.body_type(self.paths[path][verb])):
                    lines.append(f"{verb.upper()} {path} | >{name}")
                    waiting.append(name)
            if "patch" in self.paths[path] and (text := self.patched(path)):
                lines.append(f"PATCH {path} | {text}")
        types = []
        while waiting:
            name = waiting.pop()
            if name in done:
                continue
            done.add(name)
            fields = []
            needed = (*self._schemas[name].get("required", ()), *REQUIRED.get(name, ()))
            for field, schema in self._schemas[name]["properties"].items():
                text, inner = self.written(field + "!" * (field in needed), schema)
                fields += [text] if text else []
                waiting += [inner] if inner else []
            types.append(f"{name} | {','.join(fields)}")
        return [*lines, *sorted(types)]

    def body(self, operation: dict[str, Any]) -> list[str]:
        """Give the names of a request body's fields."""
        content = operation.get("requestBody", {}).get("content", {})
        schemas = [media["schema"] for kind, media in content.items() if "json" in kind and "schema" in media]
        return list(self._resolved(schemas[0]).get("properties", {})) if schemas else []


def entry(description: Description, path: str, privilege: str) -> list[str]:
    """Make one line of the catalogue."""
    operations = description.paths[path]
    get, post = operations.get("get", {}), operations.get("post", {})
    is_list, fields = description.rows(get) if get else (False, [])
    queries = [item for item in get.get("parameters", []) if item["in"] == "query"]
    names = [item["name"] for item in queries]
    paged = "resourceParameter" in names

    def first(names: list[str], pattern: str) -> str:
        return next((name for name in names if re.fullmatch(pattern, name)), "")

    return [
        path,
        ",".join(verb.upper() for verb in VERBS if verb in operations),
        "paged" if paged else "whole" if is_list else "",
        KEYS.get(path, "Id" if is_list and "Id" in fields else ""),
        first(names, r"(customer|supplier|employee)?[cC]reatedDateTimeOffsetGreaterThan"),
        first(names, r"lastChangedDateTimeOffsetGreaterThan"),
        first(fields, r"(Customer|Supplier|Employee)CreatedDateTimeOffset")
        or first(fields, r"Created?DateTimeOffset"),
        first(fields, r"LastChangedDateTimeOffset"),
        ",".join(item["name"] for item in queries if item.get("required")),
        ",".join(sorted(set(names) - {"resourceParameter"})),
        privilege if privilege not in {"", "\u2013"} else "",
        first(description.body(post), r"ExternalImportReference") if post else "",
    ]


def fields(description: Description, path: str) -> str:
    """Make one line of the fields of a list; empty where there is none."""
    get = description.paths[path].get("get")
    is_list, properties = description.row(get) if get else (False, {})
    if not is_list or not properties:
        return ""
    kinds = (f"{name}:{description.kind(schema)}" for name, schema in properties.items())
    return f"{path} | {','.join(kinds)}"


def main(what: str = "") -> int:
    """Print the catalogue, or the fields of its lists."""
    document = read("poweroffice_v2")
    description = Description(document)
    if what == "--fields":
        print("path | fields")
        print("\n".join(filter(None, (fields(description, path) for path in sorted(description.paths)))))
        return 0
    if what == "--bodies":
        print("call or type | fields")
        print("\n".join(description.bodies()))
        return 0
    known: dict[str, str] = document["privileges"]
    lines = [" | ".join(COLUMNS)]
    lines += [" | ".join(entry(description, path, known.get(path, ""))) for path in sorted(description.paths)]
    print("\n".join(line.rstrip() for line in lines))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
