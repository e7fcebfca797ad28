"""
From a path to its routes.

Rule: a word of the path wins over a placeholder; a trailing slash counts for nothing, as the vendor's pages
write paths with it and its examples without.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from ..resources import all_routes
from ..resources.tables import Route


class Place(NamedTuple):
    """
    A path of the API.

    :param words: as the table writes it.
    :param routes: by method.
    """

    words: tuple[str, ...]
    routes: Mapping[str, Route]

    def names(self, given: list[str]) -> dict[str, str]:
        """Give the values of the placeholders, in their order."""
        return {
            word[1:-1]: text for word, text in zip(self.words, given, strict=True) if word.startswith("{")
        }

    def fits(self, given: list[str], *, exact: bool) -> bool:
        """Say whether the words of a request are this path."""
        return all(
            word.startswith("{") or word == text or (not exact and word.lower() == text.lower())
            for word, text in zip(self.words, given, strict=True)
        )


@cache
def _places() -> dict[int, list[Place]]:
    found: dict[tuple[str, ...], dict[str, Route]] = {}
    for route in all_routes():
        found.setdefault(tuple(route.path.split("/")), {})[route.method] = route
    by_length: dict[int, list[Place]] = {}
    for words in sorted(found, key=_placeholders):
        by_length.setdefault(len(words), []).append(Place(words, found[words]))
    return by_length


def _placeholders(words: Iterable[str]) -> tuple[bool, ...]:
    return tuple(word.startswith("{") for word in words)


forget = _places.cache_clear
"""Read the routes again, after a resource was added."""


def places(path: str, *, exact: bool) -> list[tuple[Place, dict[str, str]]]:
    """
    Find what a path may be, the best first.

    :param path: below the base URL.
    :param exact: whether the casing counts.
    """
    given = path.strip("/").split("/")
    fitting = [place for place in _places().get(len(given), ()) if place.fits(given, exact=exact)]
    return [(place, place.names(given)) for place in fitting]
