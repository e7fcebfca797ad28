"""
Faults on demand: rules that make chosen requests go wrong.

Rule: a fault decides and describes; :mod:`.sockets` carries it out on the socket. Only API requests the
gateway lets through are counted, so neither a control call nor a 429 uses a fault up.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from random import Random
from typing import Any

from .journal import matches
from .near import choose, instead

ACTIONS = (
    "status",
    "status_after",
    "reset_before",
    "reset_after",
    "truncate",
    "garbage",
    "delay",
    "drip",
    "throttle",
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
    :param after: requests that match and are left alone first.
    :param every: hit only every n-th request that matches, counted behind those.
    :param status: for ``status`` and ``status_after``: what is answered, instead of the work and after it.
    :param headers: for both: further headers.
    :param body: for both: the body; a text that begins with ``<`` goes out as HTML.
    :param chance: the share of the requests it hits, 0 to 1, by the sandbox's seed.
    :param seconds: for ``delay``: how long; for ``drip``: until the body is through; for ``throttle``: how
        long from now, on the sandbox's clock.
    :param keep: for ``truncate`` and ``garbage``: the share of the body that is sent, 0 to 1.
    """

    action: str
    method: str = ""
    path: str = ""
    times: int = 1
    after: int = 0
    every: int = 1
    chance: float = 1.0
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    seconds: float = 0.0
    keep: float = 0.5
    seen: int = 0
    hits: int = 0
    since: float = 0.0
    random: Random = field(default_factory=Random, repr=False)

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise FaultError(f"action = {self.action!r}: {choose(self.action, ACTIONS)}.")
        if self.every < 1 or self.times < 0 or self.after < 0:
            given = f"every = {self.every}, times = {self.times}, after = {self.after}"
            raise FaultError(f"{given}: give every >= 1, times >= 0 and after >= 0.")
        for name in ("keep", "chance"):
            if not 0 <= getattr(self, name) <= 1:
                raise FaultError(f"{name} = {getattr(self, name)}: give a share from 0 to 1.")

    def as_dict(self) -> dict[str, Any]:
        """Give the rule as JSON."""
        return {name: getattr(self, name) for name in (*SETTINGS, "seen", "hits")}

    def left(self, now: float) -> float:
        """Give the seconds a throttle still lasts."""
        return self.since + self.seconds - now

    def strikes(self, method: str, path: str, now: float) -> bool:
        """Count a request, and say whether it is hit."""
        if self.action == "throttle" and self.left(now) <= 0:
            return False
        if self.times and self.hits >= self.times:
            return False
        if not matches(method, path, wanted_method=self.method, wanted_path=self.path):
            return False
        self.seen += 1
        if self.seen <= self.after or (self.seen - self.after) % self.every:
            return False
        if self.chance < 1 and self.random.random() >= self.chance:
            return False
        self.hits += 1
        return True


_STATE = {"seen", "hits", "since", "random"}
SETTINGS = tuple(item.name for item in fields(Fault) if item.name not in _STATE)


def make_fault(rule: Mapping[str, Any]) -> Fault:
    """
    Read a rule.

    :param rule: the settings of :class:`Fault` by name; ``action`` is required.
    :raises FaultError: an unknown setting or value.
    """
    for name in rule:
        if name not in SETTINGS:
            raise FaultError(f"{name}: no such setting of a fault; {instead(name, SETTINGS)}.")
    if "action" not in rule:
        raise FaultError(f"action is missing: {choose(None, ACTIONS)}.")
    endless = rule.get("every", 1) != 1 or "chance" in rule or rule["action"] == "throttle"
    return Fault(**({"times": 0, **rule} if endless else rule))


def parse_fault(text: str) -> dict[str, Any]:
    """
    Read a rule from an option: ``action=status status=503 every=3 path=/Customers``.

    :param text: settings with blanks between; quotes as in a shell.
    :raises FaultError: an unknown setting or value.
    """
    kinds = {item.name: type(item.default) for item in fields(Fault)}
    rule: dict[str, Any] = {}
    for word in shlex.split(text):
        name, equals, value = word.partition("=")
        if not equals:
            raise FaultError(f"{word}: write name=value.")
        kind = kinds.get(name)
        try:
            rule[name] = kind(value) if kind in {int, float} else value
        except ValueError:
            raise FaultError(f"{name} = {value!r}: give a number.") from None
    make_fault(rule)
    return rule


class Faults:
    """The rules in force, in the order they were added."""

    def __init__(self, seed: int = 0) -> None:
        self.rules: list[Fault] = []
        self._seed = seed
        self._added = 0

    def add(self, fault: Fault, now: float) -> Fault:
        """Put a rule in force."""
        self._added += 1
        fault.since, fault.random = now, Random(f"{self._seed}/fault/{self._added}")
        self.rules.append(fault)
        return fault

    def struck(self, method: str, path: str, now: float) -> list[Fault]:
        """Give the rules that hit a request."""
        return [rule for rule in list(self.rules) if rule.strikes(method, path, now)]
