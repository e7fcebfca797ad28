"""
Faults on demand: rules that make chosen requests go wrong.

Rule: a fault decides and describes; :mod:`.wire` carries it out on the socket. Only API requests the
gateway lets through are counted, so neither a control call nor a 429 uses a fault up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from .matching import matches

ACTIONS = (
    "status",
    "reset_before",
    "reset_after",
    "truncate",
    "garbage",
    "delay",
    "expire_tokens",
    "echo_credentials",
)


class FaultError(ValueError):
    """A rule that cannot be used."""


@dataclass
class Fault:
    """
    One rule.

    :param action: one of :data:`ACTIONS`.
    :param method: the requests meant; empty for any.
    :param path: a glob, any casing, with or without ``/v2``; ``/OAuth/Token`` is the token endpoint.
    :param times: how many requests it hits, counting from now; 0 for no end.
    :param every: hit only every n-th request that matches.
    :param status: for ``status``: what is answered.
    :param headers: for ``status``: further headers.
    :param body: for ``status``: the body; a text that begins with ``<`` goes out as HTML.
    :param seconds: for ``delay``: how long.
    :param keep: for ``truncate`` and ``garbage``: the share of the body that is sent, 0 to 1.
    """

    action: str
    method: str = ""
    path: str = ""
    times: int = 1
    every: int = 1
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    seconds: float = 0.0
    keep: float = 0.5
    seen: int = 0
    hits: int = 0

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise FaultError(f"action = {self.action!r}: choose one of {', '.join(ACTIONS)}.")
        if self.every < 1 or self.times < 0:
            raise FaultError(f"every = {self.every}, times = {self.times}: give every >= 1 and times >= 0.")
        if not 0 <= self.keep <= 1:
            raise FaultError(f"keep = {self.keep}: give a share from 0 to 1.")

    def strikes(self, method: str, path: str) -> bool:
        """
        Count a request, and say whether it is hit.

        :param method: of the request.
        :param path: of the request.
        """
        if self.times and self.hits >= self.times:
            return False
        if not matches(method, path, wanted_method=self.method, wanted_path=self.path):
            return False
        self.seen += 1
        if self.seen % self.every:
            return False
        self.hits += 1
        return True


SETTINGS = tuple(item.name for item in fields(Fault) if item.name not in {"seen", "hits"})


def make_fault(rule: Mapping[str, Any]) -> Fault:
    """
    Read a rule.

    :param rule: the settings of :class:`Fault` by name; ``action`` is required.
    :raises FaultError: an unknown setting or value.
    """
    for name in rule:
        if name not in SETTINGS:
            raise FaultError(f"{name}: no such setting of a fault; there are {', '.join(SETTINGS)}.")
    if "action" not in rule:
        raise FaultError(f"action is missing: choose one of {', '.join(ACTIONS)}.")
    if rule.get("every", 1) != 1 and "times" not in rule:
        return Fault(**{**rule, "times": 0})
    return Fault(**rule)


class Faults:
    """The rules in force, in the order they were added."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []

    def struck(self, method: str, path: str) -> list[Fault]:
        """
        Give the rules that hit a request.

        :param method: of the request.
        :param path: of the request.
        """
        return [rule for rule in list(self.rules) if rule.strikes(method, path)]
