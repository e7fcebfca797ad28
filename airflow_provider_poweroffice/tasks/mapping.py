"""
Mapped tasks: their arguments are checked while the DAG file is read.

Airflow makes the tasks of ``partial(...).expand(...)`` when they run, and tells of wrong arguments only then.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.sdk import DAG
from airflow.sdk.definitions.mappedoperator import OperatorPartial

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.definitions.mappedoperator import MappedOperator

_T = TypeVar("_T", bound="BaseOperator")
_MOST = 20  # instances that are looked at
_UNCHECKED = frozenset({"dag", "task_group", "is_setup", "is_teardown", "on_failure_fail_dagrun"})
_NOT_KNOWN = "{{ not_known_yet }}"
_OF_A_RUN = re.compile(
    r"conn|dag(_run)?|data_interval_(start|end)|ds(_nodash)?|logical_date|params|run_id"
    r"|resource|ts(_nodash(_with_tz)?)?|var"
)
"""Names in templates that are the same for all instances of a mapped task."""


class CheckedPartial(OperatorPartial):
    """What ``partial()`` of a task of this package gives."""

    def expand(self, **mapped_kwargs: Any) -> MappedOperator:
        """
        Map, after a look at the arguments.

        :raises ValueError, TypeError: what the task itself would raise.
        """
        self._expand_called = True  # also where the look at its arguments ends it
        check_mapped(self.operator_class, self.kwargs, mapped_kwargs)
        self._check_object(mapped_kwargs)
        return super().expand(**mapped_kwargs)

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> MappedOperator:
        """
        Map over sets of arguments, after a look at those that are known.

        :raises ValueError, TypeError: what the task itself would raise.
        """
        self._expand_called = True  # as in expand
        sets = kwargs[:_MOST] if isinstance(kwargs, (list, tuple)) else ()
        for one in (one for one in sets if isinstance(one, Mapping)):
            known = {name: [value] if _is_known(value) else None for name, value in one.items()}
            check_mapped(self.operator_class, self.kwargs, known)
        if len(sets) > 1 and all(isinstance(one, Mapping) for one in sets):
            self._check_object({name: None for one in sets for name in one})
        return super().expand_kwargs(kwargs, strict=strict)

    def _check_object(self, mapped: Mapping[str, Any]) -> None:
        """Refuse an object that each instance would write: the last one's data would stay."""
        is_written = getattr(self.operator_class, "writes_object", False) and "object_path" not in mapped
        is_one = mapped and all(isinstance(v, (list, tuple)) and len(v) == 1 for v in mapped.values())
        if not is_written or is_one:
            return
        for path in filter(None, map(_path_of, (self.kwargs, *(self.kwargs.get("loads") or {}).values()))):
            if _is_the_same_for_all(path, mapped):
                raise ValueError(
                    f"object_path {path!r} is one object for all mapped tasks, which would overwrite each "
                    "other's data; write into it what differs, such as {{ company }} or {{ ti.map_index }}"
                )


def _path_of(arguments: Mapping[str, Any]) -> str | None:
    path = arguments.get("object_path")
    return path if isinstance(path, str) else None


def _is_the_same_for_all(template: str, mapped: Iterable[str]) -> bool:
    names = names_in(template)
    if names is None:
        return False
    return names.isdisjoint(mapped) and all(map(_OF_A_RUN.fullmatch, names))  # params may be mapped


def names_in(template: object) -> frozenset[str] | None:
    """Name what a template holds; None where only its rendering tells, as of another task's result."""
    from jinja2 import Environment, TemplateSyntaxError
    from jinja2.nodes import Name

    if not isinstance(template, str):
        return None
    try:
        tree = Environment(autoescape=False).parse(template)  # noqa: S701 - nothing is rendered
    except TemplateSyntaxError:
        return None
    return frozenset(name.name for name in tree.find_all(Name))


def check_mapped(kind: type[BaseOperator], fixed: Mapping[str, Any], mapped: Mapping[str, Any]) -> None:
    """
    Have a task check what is known of its arguments, for each of its instances, without making one.

    :param fixed: what all instances share.
    :param mapped: lists of values, or what other tasks give, which is known only when they have run.
    :raises ValueError, TypeError: what the task itself would raise.
    """
    lists = {name: value for name, value in mapped.items() if isinstance(value, (list, tuple)) and value}
    if not all(name in kind.template_fields for name in mapped.keys() - lists.keys()):
        return  # such a value has no form in which it could be unknown
    shared = {name: value for name, value in fixed.items() if name not in _UNCHECKED}
    shared |= dict.fromkeys(mapped.keys() - lists.keys(), _NOT_KNOWN)
    for index in range(min(_MOST, max(map(len, lists.values()), default=1))):
        one = {name: values[min(index, len(values) - 1)] for name, values in lists.items()}
        made_apart(kind, **shared, **one)


def made_apart(kind: type[_T], **arguments: Any) -> _T:
    """Make a task that belongs to no DAG: one that is only checked, or the part of another."""
    nowhere = DAG("poweroffice_apart", schedule=None)  # not registered: it is not entered
    place: dict[str, Any] = {"dag": nowhere, "task_group": nowhere.task_group}
    return kind(**arguments, **place, _airflow_from_mapped=True)


def _is_known(value: Any) -> bool:
    """Tell whether an argument holds no other task's result."""
    if isinstance(value, Mapping):
        return all(map(_is_known, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_is_known, value))
    return not callable(getattr(value, "resolve", None))
