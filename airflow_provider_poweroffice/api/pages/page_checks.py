"""
Whether a page is the one that was asked for, and did not come before; whether its links come back.

Rule: it keeps a fingerprint of each page, and no rows.
"""

from __future__ import annotations

from airflow_provider_poweroffice.api.pages.page import Page
from airflow_provider_poweroffice.errors import PaginationError


class PageChecks:
    """
    The checks on the pages of one read.

    :param label: method and path without query, for messages.
    """

    def __init__(self, label: str) -> None:
        self.links_followed = True
        """Links are followed, so that a read in which one comes twice would not end."""
        self._label = label
        self._counts_from: int | None = None
        self._seen: set[int] = set()

    def is_suspicious(self, page: Page, *, keyed: bool) -> bool:
        """
        Tell whether a page is another one than was asked for, or came before: asked again, it may be right.

        :param keyed: its rows have keys, so that no two pages are alike.
        """
        said = page.info.number
        if said is not None and self._counts_from is not None and said - page.number != self._counts_from:
            return True
        return self.came_before(page, keyed=keyed)

    def came_before(self, page: Page, *, keyed: bool) -> bool:
        """Tell whether a page is one that was read; see :meth:`is_suspicious`."""
        return self._is_comparable(page, keyed=keyed) and _fingerprint(page, keyed=keyed) in self._seen

    def check(self, page: Page, *, keyed: bool) -> None:
        """
        Refuse another page than was asked for, or one that came before; note it.

        A server may count its pages from 0, but must keep to it.

        :raises PaginationError: it is.
        """
        self._check_number(page)
        if not self._is_comparable(page, keyed=keyed):
            return
        if self.came_before(page, keyed=keyed):
            raise PaginationError(
                f"{self._label}: page {page.number} repeats a page already read. "
                "If the rows really are alike, add Id to Fields so that they differ"
            )
        self._seen.add(_fingerprint(page, keyed=keyed))

    def _check_number(self, page: Page) -> None:
        said = page.info.number
        if said is None:
            return
        if self._counts_from is None:
            self._counts_from = said - page.number
        if said - page.number != self._counts_from or self._counts_from not in {0, -1}:
            raise PaginationError(f"{self._label}: asked for page {page.number}, the answer says page {said}")

    @staticmethod
    def _is_comparable(page: Page, *, keyed: bool) -> bool:
        """Tell whether two pages alike would be one page: they have keys, or no number of their own."""
        return bool(page) and (keyed or page.info.number is None)

    def follow(self, page: Page) -> str | None:
        """
        Give the link to the next page.

        :raises PaginationError: it was followed before, so that the read would not end.
        """
        link = page.info.next_link
        if link is None or not self.links_followed:
            return link
        digest = hash(link)
        if digest in self._seen:
            raise PaginationError(f"{self._label}: the link in page {page.number} was followed already")
        self._seen.add(digest)
        return link


def _fingerprint(page: Page, *, keyed: bool) -> int:
    """
    Give what no two pages of a read share; of rows with keys the first and the last one tell enough.

    Python's hash of bytes has 64 bits: among 10,000 pages two are alike by chance once in 10**11 reads. Its
    key is random, unless ``PYTHONHASHSEED`` is set, so that a server cannot make pages alike.
    """
    if keyed:
        return hash((len(page.content), bytes(page.raw_rows[0]), bytes(page.raw_rows[-1])))
    return hash(page.content)
