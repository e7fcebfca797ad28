"""All collections of one company to objects of a store, by one task; or of several companies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from airflow_provider_poweroffice.tasks.company_loads import THREADS, CompanyLoads
from airflow_provider_poweroffice.tasks.mapping import names_in
from airflow_provider_poweroffice.tasks.to_object_storage import ToObjectStorage

if TYPE_CHECKING:
    from airflow_provider_poweroffice.tasks.side_by_side import SideBySide


class CompanyToObjectStorage(CompanyLoads):
    """
    Copy collections of one company to objects of any store Airflow knows, side by side.

    Each becomes an object of its own, in one step: it is there whole, or as it was before. The task returns
    what :class:`CompanyLoads` says, of each load ``{"outcome", "path", "rows", "bytes", "began", "since",
    "seconds", "watermark"}``.

    :param loads: by name, the arguments of each load: those of :class:`ToObjectStorage` without connection,
        company, ``retry_options`` and what is every task's, such as ``retries``. One ``object_path`` serves
        all, with ``{{ resource }}``, the name of the load, and ``{{ company }}`` in it (templated).
    """

    writes_object = True
    told_fields = ("path", "rows", "bytes", "began", "since", "seconds", "watermark")

    def destination(self) -> Store:
        """Give what the loads have in common, which is nothing: each path is opened for itself."""
        return Store()

    def check_places(self, parts: Mapping[str, ToObjectStorage]) -> None:
        """
        Refuse two loads, or two companies, into one object.

        :raises ValueError: names both, or the way out.
        """
        seen: dict[str, str] = {}
        for name, part in parts.items():
            path = part.object_path
            if (names := names_in(path)) is None:
                continue
            if self.companies is not None and "company" not in names:
                raise ValueError(
                    f"object_path {path!r} is one object for all companies of the task, and each would "
                    "overwrite the last; write {{ company }} into it"
                )
            if "resource" not in names and (twin := seen.setdefault(path, name)) != name:
                raise ValueError(
                    f"loads: {twin!r} and {name!r} go into one object, {path!r}; write {{{{ resource }}}} "
                    "into its path"
                )


class Store:
    """Objects: the loads of a company have no connection in common."""

    target = None

    def reach(self) -> int:
        """Give how many loads it takes at once."""
        return THREADS

    def ask_through(self, crew: SideBySide) -> None:
        """Do nothing: a path is opened, with Airflow's connection, when its load begins."""

    def lost(self) -> Exception | None:
        """Give None: what stops one object need not stop the next."""
        return None
