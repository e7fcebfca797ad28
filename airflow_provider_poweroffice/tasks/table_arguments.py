"""The arguments about a table: which there are, and which go together."""

from __future__ import annotations

from datetime import date
from typing import Any

from airflow_provider_poweroffice.api.catalogue.fields import fields_of
from airflow_provider_poweroffice.api.change_filter import given
from airflow_provider_poweroffice.api.dialects.base import Dialect
from airflow_provider_poweroffice.storage.sql.fields import NAMINGS
from airflow_provider_poweroffice.storage.sql.identifiers import TableName
from airflow_provider_poweroffice.storage.sql.layouts import LAYOUTS
from airflow_provider_poweroffice.storage.sql.merge import MODES, Identity
from airflow_provider_poweroffice.storage.sql.plan import Plan
from airflow_provider_poweroffice.tasks.deletions import check_deletions, check_rendered
from airflow_provider_poweroffice.tasks.trial_balance import check_ledger, check_verify

_CHOICES = {"mode": MODES, "layout": LAYOUTS, "column_names": NAMINGS}


def is_settled(value: Any) -> bool:
    """Tell whether an argument is what it will be: no template, and no other task's result."""
    return (
        value is None
        or isinstance(value, date)
        or (isinstance(value, str) and "{{" not in value and "{%" not in value)
    )


def check_settled(operator: Any) -> None:
    """
    Check, while the DAG file is read, what can be checked then.

    :raises ValueError: names the argument.
    """
    for name, choices in _CHOICES.items():
        if is_settled(getattr(operator, name)):
            _check_choice(name, getattr(operator, name), choices)
    if is_settled(operator.table) and is_settled(operator.schema):
        TableName.of(operator.table, operator.schema)
    if operator.mode == "replace":
        _check_whole(operator, rendered=False)
    check_deletions(operator)
    check_verify(operator)


def _check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"unknown {name} {value!r}; use one of: {', '.join(map(repr, choices))}")


def _check_whole(operator: Any, *, rendered: bool) -> None:
    """
    Refuse to replace everything by a part.

    :param rendered: every argument is what it will be, of whatever type.
    """
    for name in ("changed_since", "created_since"):
        value = getattr(operator, name)
        if given(value) and (rendered or is_settled(value)):
            raise ValueError(f"mode='replace' with {name} would drop the rows before it; use mode='upsert'")
    if operator.incremental:
        raise ValueError(
            "mode='replace' with incremental=True would drop what did not change; use mode='upsert'"
        )
    for name in ("first_page", "max_pages"):
        if getattr(operator, name) is not None:
            raise ValueError(f"mode='replace' reads everything: leave out {name}, or use another mode")


def plan_of(operator: Any, dialect: Dialect[Any], identity: Identity) -> Plan:
    """
    Make the plan that an operator's rendered arguments name.

    :param dialect: of the API: it knows the resource.
    :raises ValueError: names the argument, its value and the way out.
    """
    for name, choices in _CHOICES.items():
        _check_choice(name, getattr(operator, name), choices)
    if operator.mode == "replace":
        _check_whole(operator, rendered=True)
    check_rendered(operator)
    check_ledger(operator, dialect)
    counts_deletions = operator.detect_deletions or operator.mode == "replace"
    return Plan(
        table=TableName.of(operator.table, operator.schema),
        mode=operator.mode,
        layout=operator.layout,
        key=_key(operator, dialect),
        identity=identity,
        source=operator.endpoint.strip("/"),
        changed_field=dialect.changed_field_of(operator.endpoint),
        kinds=fields_of(dialect.catalogue_name, operator.endpoint),
        column_names=operator.column_names,
        allow_new_columns=operator.allow_new_columns,
        bulk=operator.bulk,
        most_deleted=operator.max_deletions if counts_deletions else None,
    )


def _key(operator: Any, dialect: Dialect[Any]) -> tuple[str, ...]:
    """Take the key that was given, else the resource's own; rows of unknown ones are taken to have an Id."""
    given_key = operator.key
    if given_key is None:
        given_key = dialect.key_field(operator.endpoint)
    names = (given_key,) if isinstance(given_key, str) else given_key
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"key must be the name of a field, or a list of several, not {operator.key!r}")
    key = tuple(name.strip() for name in names if name.strip())
    if len(set(key)) < len(key):
        raise ValueError(f"key={operator.key!r} names a field twice")
    if operator.mode == "upsert" and not key:
        raise ValueError(
            f"mode='upsert' needs a key, and {operator.endpoint} has none of its own: "
            "name the fields that no two rows share by key=, or use mode='replace'"
        )
    return key
