"""
The tasks of a group for several companies: one that lists them, one for each, and one that sums up.

Rule: nothing here knows where the rows go; that is each group's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.sdk import XComArg

from airflow_provider_poweroffice.hooks.companies import SOURCES, check_companies, chunks
from airflow_provider_poweroffice.operators.companies import (
    PowerOfficeCompaniesOperator,
    PowerOfficeCompaniesSummaryOperator,
)
from airflow_provider_poweroffice.tasks.base import is_literal
from airflow_provider_poweroffice.tasks.company_loads import arguments_of_tasks, check_several

if TYPE_CHECKING:
    from airflow_provider_poweroffice.task_groups.resources import Source
    from airflow_provider_poweroffice.tasks.company_loads import CompanyLoads

_NO_TEMPLATE = "no template is rendered there: have a task return the list, and give its result"
_OF_SUMMARY = ("pool", "queue", "executor", "retries", "retry_delay")


@dataclass(frozen=True, slots=True)
class Companies:
    """
    The companies of a group.

    :param named: aliases, a source of them, another task's result, or None, as the groups take them.
    :param per_task: how many a task loads.
    """

    named: Any
    per_task: int
    source: Source

    def check(self) -> None:
        """
        Refuse what is no companies, and several a task where they cannot be.

        :raises ValueError, TypeError: names the way out.
        """
        chunks([], self.per_task)
        if isinstance(self.named, str):
            self._check_source(self.named)
        elif self.named is not None and not isinstance(self.named, XComArg):
            self._check_list(self.named)
        if self.per_task == 1:
            return
        if self.named is None:
            raise ValueError(f"companies_per_task={self.per_task} is for several companies: give companies=")
        check_several()

    @staticmethod
    def _check_list(named: Any) -> None:
        if callable(named):
            raise TypeError("companies is a function: give what its task returns, companies=its_name()")
        check_companies(named)
        if templates := [alias for alias in named if not is_literal(alias)]:
            raise ValueError(f"companies holds {templates[0]!r}: {_NO_TEMPLATE}")

    def _check_source(self, named: str) -> None:
        if self.source.api == "d365fo":
            raise ValueError(f"companies={named!r}: name the legal entities, such as ['usmf', 'ussi']")
        if not is_literal(named):
            raise ValueError(f"companies={named!r}: {_NO_TEMPLATE}")
        if named not in SOURCES:
            aliases = [alias.strip() for alias in named.split(",")]
            raise ValueError(
                f"companies={named!r} is not a source of companies: use one of {', '.join(SOURCES)}, "
                f"or a list of aliases, {aliases!r}"
            )
        if named == "client_admin" and self.source.api == "v1":
            raise ValueError("companies='client_admin' asks v2's ClientAdmin: use 'connection', or a list")

    def aliases(self) -> Any:
        """Give what is mapped over; None for one company. In a group, as it may be a task's result."""
        is_many = self.per_task > 1
        if isinstance(self.named, str) or (is_many and isinstance(self.named, XComArg)):
            return PowerOfficeCompaniesOperator(
                task_id="companies",
                source=self.named,
                companies_per_task=self.per_task,
                poweroffice_conn_id=self.source.conn_id,  # not asked for where a list is only divided
            ).output
        if self.named is None or isinstance(self.named, XComArg):
            return self.named
        return chunks(self.named, self.per_task) if is_many else list(self.named)

    def task(
        self, kind: type[CompanyLoads], aliases: Any, loads: Mapping[str, Any], of_task: Mapping[str, Any]
    ) -> Any:
        """Make the task of all resources, mapped over the companies, or over lists of them."""
        given = {**self.source.of_task, "loads": loads, **of_task}
        if aliases is None:
            return kind(task_id="company", **given)
        name, template = "company", "{{ company }}"
        if self.per_task > 1:
            name, template = "companies", "{{ companies | join(', ') | truncate(200) }}"  # Airflow keeps 250
        return kind.partial(task_id="company", **{"map_index_template": template} | given).expand(
            **{name: aliases}
        )


def split_arguments(
    arguments: Mapping[str, Any], loads: Mapping[str, Mapping[str, Any]], *, way_out: str = ""
) -> tuple[dict[str, Any], dict[str, Any]]:
    """
    Tell the arguments of a company's task from those of its loads.

    :param loads: may have none of the former.
    :param way_out: a further one, for the error.
    :raises ValueError: one has; the message names the way out.
    """
    for load in loads.values():
        if own := sorted(load.keys() & arguments_of_tasks()):
            raise ValueError(
                f"resources[{load['endpoint']!r}]: {own[0]!r} is for a task, and a company's resources share "
                f"one: give it to the group{way_out}"
            )
    of_task = {name: value for name, value in arguments.items() if name in arguments_of_tasks()}
    return of_task, {name: value for name, value in arguments.items() if name not in of_task}


def sum_up(
    made: list[Any],
    aliases: Any,
    loads: Mapping[str, Mapping[str, Any]],
    arguments: Mapping[str, Any],
    **own: Any,
) -> None:
    """
    Put the summary behind the tasks.

    :param loads: by name, or by id of a task of one.
    :param arguments: of the group; those for a task that also writes, such as ``pool``, are the summary's.
    :param own: where it records the run.
    """
    fields = ("endpoint", "table", "schema", "object_path")
    made >> PowerOfficeCompaniesSummaryOperator(
        task_id="summary",
        companies=aliases,
        tasks=[task.task_id for task in made],
        loads={name: {key: load[key] for key in fields if key in load} for name, load in loads.items()},
        **own,
        **{name: arguments[name] for name in _OF_SUMMARY if name in arguments},
    )
