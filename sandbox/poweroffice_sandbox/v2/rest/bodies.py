"""
What a client may write: a decoded body made into the values of a row, or refused.

Rule: validation only; nothing here stores a row. Titles are ``<Resource> validation error(s)`` (OpenAPI
examples).
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import msgspec

from ...core.clock import stamp, ticks
from ...core.reply import RefusedError
from ...core.table import Row
from ..books import Books
from ..reply import refuse, unbound
from ..resources import references
from ..schema.dto import CHANGED, BadValueError, Field, Schema, read_value, schema_of
from ..schema.resource import Resource
from .call import Call

_PATCH_TYPE = re.compile(r"application/json-patch\+json$")
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


_JSON_TYPE = re.compile(r"(application|text)/(json|[\w.-]+\+json)$")


def check_media_type(call: Call) -> None:
    """
    Refuse a body that does not say it is JSON: the description lists such types only.

    :raises RefusedError: 415; that is what ASP.NET answers, the description does not say.
    """
    given = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    wanted = _JSON_TYPE
    if call.method == "PATCH" and call.switches.patch_media_type == "strict":
        wanted = _PATCH_TYPE
    elif call.switches.body_media_type == "any":
        return
    if call.body and not wanted.match(given):
        raise refuse(415, "Unsupported Media Type", f"The media type '{given}' is not supported.")


def decoded(call: Call) -> Any:
    """
    Decode the body; fractions become :class:`~decimal.Decimal`, so ``1.10`` is given back as ``1.10``.

    :raises RefusedError: 415, its media type is none of JSON; 400, it is not JSON.
    """
    check_media_type(call)
    try:
        return _decode(call.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise unbound("$", "The body is not valid JSON.") from None


def validation_error(resource: Resource, detail: str, status: int = 400) -> RefusedError:
    """
    Make the refusal of a body; to be raised.

    :param status: 404 when the body names something that is not there.
    """
    return refuse(status, f"{resource.label} validation error(s)", detail)


def read_fields(fields: Schema, values: Row, method: str) -> Row:
    """
    Read the fields a client may set; unknown ones are ignored, as one client has seen.

    :param values: as decoded, names in any casing.
    :param method: ``POST`` or ``PATCH``.
    :raises BadValueError: a value does not fit.
    """
    result = {}
    for name, value in values.items():
        field = fields.writable(name, method)
        if field is not None:
            result[field.name] = read_value(field, value)
    for name in fields.required:
        if method == "POST" and is_blank(result.get(name)):
            raise BadValueError(f"The {name} field is required.")
    return result


def is_blank(value: Any) -> bool:
    """Say whether a value counts as missing: null, or a text of blanks."""
    return value is None or (isinstance(value, str) and not value.strip())


def read_body(call: Call, resource: Resource) -> Row:
    """
    Read the body of a POST.

    :raises RefusedError: 400, it cannot be made of this.
    """
    body = decoded(call)
    if not isinstance(body, dict):
        raise validation_error(resource, "The body must be an object.")
    try:
        row = read_fields(resource.schema, body, "POST")
        if resource.contact:
            check_party(row)
        row |= read_addresses(call, resource, row)
    except BadValueError as error:
        raise validation_error(resource, str(error)) from None
    return row


def check_party(row: Row) -> None:
    """
    Check that a customer or supplier has a name; an employee's names are required by the schema.

    :raises BadValueError: it has none.
    """
    person = row.get("FirstName") and row.get("LastName")
    if row.get("IsPerson") and not person:
        raise BadValueError("FirstName and LastName are required for a person.")
    if not (row.get("Name") or row.get("LegalName") or person):
        raise BadValueError("Name is required for a company.")


def read_addresses(call: Call, resource: Resource, sent: Row) -> Row:
    """
    Read the addresses among the fields sent; an address needs City and ZipCode.

    :raises BadValueError: one is not an address.
    """
    fields = (field for field in resource.schema.fields if field.type in {"Address", "ContactAddress"})
    return {field.name: _address(call, field, sent[field.name]) for field in fields if field.name in sent}


def _address(call: Call, field: Field, value: Any) -> Row | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise BadValueError(f"{field.name} must be an object.")
    fields, now = schema_of(field.type), stamp(ticks(call.now))
    identity = {"Id": value.get("Id") or call.books.new_id(), CHANGED: now} if "Id" in fields.names else {}
    return {**dict.fromkeys(fields.names), **read_fields(fields, value, "POST"), **identity}


def resolve_references(books: Books, resource: Resource, row: Row, sent: Row) -> None:
    """
    Make the id and the code of each reference agree; the id wins when both were sent.

    :param row: the row to be; completed in place.
    :raises RefusedError: 404, there is no such row.
    """
    for id_field, code_field, target, key in references():
        field: Field | None = resource.schema.by_name.get(id_field.lower())
        if field is None or not {id_field, code_field} & sent.keys():
            continue
        named = code_field if code_field.lower() in resource.schema.by_name else ""
        by_id = id_field in sent and sent.get(id_field) is not None
        name, wanted = ("Id", sent[id_field]) if by_id else (key, sent.get(code_field))
        if wanted is None:
            row |= {name: None for name in (id_field, named) if name}
            continue
        found = books.find(target, name, wanted)
        if found is None:
            # OpenAPI, example of a 404 on POST Customers.
            text = f"{target.rstrip('s')} with {name.lower()} = '{wanted}' not found."
            raise validation_error(resource, text.replace(f"id = '{wanted}'", f"id = {wanted}"), 404)
        row |= {id_field: found["Id"], **({named: found[key]} if named else {})}


_TAKEN = {
    "id": "{field} is already in use. '{value}' is used on {owner}.",  # OpenAPI, POST Customers, 400
    "no-id": "{field} is already in use.",
    "exists": "A record with {field} '{value}' already exists.",
    "norwegian": "{field} '{value}' er allerede i bruk.",
    "bare": "The request is not valid.",
}


def taken(call: Call, label: str, field: str, value: object, owner: str) -> RefusedError:
    """
    Make the refusal of a value that another row has; to be raised.

    :param label: of the resource, in the title.
    :param owner: what has the value, with its id.
    """
    text = _TAKEN[call.switches.taken_text].format(field=field, value=value, owner=owner)
    return refuse(int(call.switches.taken_status), f"{label} validation error(s)", text)


def check_unique(call: Call, resource: Resource, row: Row) -> None:
    """
    Refuse a value another row has.

    :raises RefusedError: 400, with the id of the other row.
    """
    books = call.books
    for name in resource.unique if call.switches.unique_check == "on" else ():
        value = row.get(name)
        other = None if value is None else books.find(resource.table, name, value)
        if other is not None and other["Id"] != row["Id"]:
            place = "(contact) Id" if resource.contact else "Id"
            raise taken(call, resource.label, name, value, f"{place} = {other['Id']}")
    unknown = [
        str(item)
        for item in row.get("ContactGroupIds") or ()
        if books.find("ContactGroups", "Id", item) is None
    ]
    if unknown:
        raise validation_error(
            resource, f"Could not find contact group(s) with id = {', '.join(unknown)}.", 404
        )
