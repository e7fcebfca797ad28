"""What both transfers share: a collection read whole, or from where the last run ended."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_poweroffice.api.options import check_choice, is_given
from airflow_provider_poweroffice.tasks.base import CollectionTask, check_flag, check_path, check_reading

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_poweroffice.api.client import Client
    from airflow_provider_poweroffice.api.read_options import ReadOptions
    from airflow_provider_poweroffice.errors import PermissionDeniedError
    from airflow_provider_poweroffice.hooks.base import ClientHook
    from airflow_provider_poweroffice.tasks.collection import Reading
    from airflow_provider_poweroffice.tasks.watermark import Increment

_LACKING = "privilege|module|unauthorized access"
"""Words of v2's description and of v1's SDK for what is missing."""

LOADED = frozenset({"loaded", "unchanged"})
"""Outcomes of a transfer whose rows are where they belong."""
_CHANGES = ("inserted", "deleted", "marked_deleted", "restored")


class BegunTransfer(Protocol):
    """A transfer that may be carried out."""

    @property
    def place(self) -> Mapping[str, str]:
        """Say where the rows go, as the receipt does."""
        ...


class TransferTask(CollectionTask):
    """
    Base of tasks that copy a collection to a file or a table.

    :param endpoint: path of a list, such as ``AccountTransactions`` (templated).
    :param incremental: read only what changed since the last run of this task; the first reads everything.
        The watermark is kept with the asset ``<type of connection>://<connection>/<endpoint>``, see
        docs/increments.md.
    :param full_refresh: read everything this time, e.g. ``"{{ params.full_refresh }}"`` (templated).
    :param on_missing_privilege: ``"fail"`` (default); ``"skip"``: a 403, as the company lacks the module or
        the integration the privilege, skips the task, and a summary of companies names it. A 403 whose body
        says something else, such as a gateway's of a quota or a firewall's page, is an error in both.
    """

    template_fields = (*CollectionTask.template_fields, "endpoint", "full_refresh")
    none_means_unset = CollectionTask.none_means_unset | {"full_refresh"}

    def __init__(
        self,
        *,
        endpoint: str,
        incremental: bool = False,
        full_refresh: bool | str = False,
        on_missing_privilege: str = "fail",
        **kwargs: Any,
    ) -> None:
        if incremental:
            from airflow_provider_poweroffice.tasks.watermark import with_asset

            scheme = self.hook_class.conn_type
            kwargs = with_asset(kwargs, endpoint=endpoint, conn_id=self.api_conn_id, scheme=scheme)
        super().__init__(**kwargs)
        self.endpoint = endpoint
        self.incremental = incremental
        self.full_refresh = full_refresh
        self.on_missing_privilege = on_missing_privilege
        check_choice("on_missing_privilege", on_missing_privilege, ("fail", "skip"))
        self._check_incremental()
        check_path(self, endpoint, self.catalogues)
        check_reading(self, endpoint, by_change=incremental)

    @contextmanager
    def running(
        self, context: Context, method: str = "GET", *, idempotent: bool | None = None
    ) -> Iterator[ClientHook]:
        """
        Give the hook for the work of the task, and close it.

        :raises LeftOutError: the privilege is missing, and the argument says to do without.
        """
        with super().running(context, method, idempotent=idempotent) as hook, self.allowing_for_modules():
            yield hook

    @contextmanager
    def allowing_for_modules(self) -> Iterator[None]:
        """
        Let a missing privilege be what the task's argument says it is.

        :raises LeftOutError: the privilege is missing, and the argument says to do without.
        """
        from airflow_provider_poweroffice.errors import PermissionDeniedError
        from airflow_provider_poweroffice.tasks.company import LeftOutError

        try:
            yield
        except PermissionDeniedError as error:
            if self.on_missing_privilege == "fail" or not _lacks_privilege(error):
                raise
            raise LeftOutError(
                f"{error}; on_missing_privilege='skip' leaves it out: nothing was read"
            ) from error

    @property
    def label(self) -> str:
        """Begin a line of the log: company and endpoint."""
        from airflow_provider_poweroffice.tasks.company import labelled

        return labelled(self.company, self.endpoint)

    @abstractmethod
    def begin(self, context: Context, hook: ClientHook, target: Any, name: str) -> BegunTransfer:
        """
        Begin: ask Airflow all that is to be asked.

        :param target: what is opened once for several transfers, such as a database.
        :param name: of the transfer in its DAG run, the same for its retries.
        """

    @abstractmethod
    def carry_out(self, client: Client, begun: Any) -> Any:
        """Read and store the rows; on any thread, as Airflow is not asked."""

    @abstractmethod
    def end(self, context: Context, hook: ClientHook, begun: Any, done: Any) -> dict[str, Any]:
        """End: tell Airflow how far it came, and give the receipt."""

    def read(self) -> ReadOptions:
        """Say which rows are read, and how, by the task's own arguments."""
        return self.read_options(
            self.endpoint, query=self.query, headers=self.headers, changed_since=self.changed_since
        )

    def increment(self, context: Context, *, target: str) -> Increment | None:
        """
        Give the watermark, if the task keeps one.

        :param target: names the destination; the same in every run.
        """
        if not self.incremental:
            return None
        from airflow_provider_poweroffice.tasks.watermark import Increment

        scope = {
            "connection": self.api_conn_id,
            "endpoint": self.endpoint,
            "query": self.query,
            "filters": self.filters,
            "split_days": self.paging.split_days,
            "headers": self.headers,
        }
        return Increment(context, self.outlets, target=target, company=self.company, scope=scope)

    @contextmanager
    def reading(self, client: Client, read: ReadOptions) -> Iterator[Reading]:
        """Read, and end what is under way when the block ends."""
        from airflow_provider_poweroffice.tasks.collection import Reading

        with Reading(client, read, incremental=self.incremental, label=self.label, log=self.log) as reading:
            yield reading

    def _check_incremental(self) -> None:
        """
        Refuse what would contradict the watermark.

        :raises ValueError, TypeError: names the argument.
        """
        check_flag("incremental", self.incremental)
        if not self.incremental:
            if self.full_refresh is not False:
                raise ValueError("full_refresh needs incremental=True; without it everything is read anyway")
            return
        for name in ("changed_since", "created_since"):
            if is_given(getattr(self, name)):
                raise ValueError(
                    f"{name} and incremental=True exclude each other: the watermark is kept for you"
                )
        if self.paging.max_pages is not None or self.paging.first_page not in {None, 1}:
            raise ValueError("incremental=True needs all pages: leave first_page and max_pages out")


def now() -> str:
    """Give the moment, in UTC, as rows and receipts have it."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def is_unchanged(receipt: Mapping[str, Any]) -> bool:
    """Tell whether a transfer found nothing newer than the last did: at most its last seconds' rows again."""
    from airflow_provider_poweroffice.api.timestamps import ticks_of_iso

    since, watermark = receipt.get("since"), receipt.get("watermark")
    if since is None or watermark is None or any(receipt.get(name) for name in _CHANGES):
        return False
    return ticks_of_iso(watermark) <= ticks_of_iso(since)


def _lacks_privilege(error: PermissionDeniedError) -> bool:
    """
    Tell whether a 403 is of a missing privilege or module; a body that is not known is of neither.

    The API's own 403 was seen empty. Azure API Management answers ``{statusCode, message}``, for a quota too.
    """
    if error.status != HTTPStatus.FORBIDDEN:
        return False
    body = error.error_content
    if not isinstance(body, dict):
        return not error.response.content.strip()
    is_gateway = any(str(name).lower() == "statuscode" for name in body)
    said = " ".join(filter(None, (error.title, error.detail)))
    is_own = error.title == "Forbidden" or re.search(_LACKING, said, re.IGNORECASE)  # the first is ASP.NET's
    return bool(is_own) and not is_gateway
