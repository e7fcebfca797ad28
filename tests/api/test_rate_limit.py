"""What a caller may say of the limit, and what it makes of it."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from support import credentials

from airflow_provider_poweroffice.api import Client
from airflow_provider_poweroffice.api.connection_options import RateLimit
from poweroffice_sandbox import Sandbox

URL = "redis://user:se%2Fcret@server:6379/0"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"share": 0}, "rate_limit_share must be above 0 and at most 1, not 0"),
        ({"share": 1.5}, "not 1.5"),
        ({"share": float("nan")}, "not nan"),
        ({"share": "half"}, "rate_limit_share must be a number, not 'half'"),
        ({"share": True}, "must be a number, not True"),
        ({"backend": "hosts"}, "rate_limit_backend must be 'host', 'process' or a Redis URL"),
        ({"backend": URL.replace("redis", "http")}, "not '***'"),
        ({"backend": 3}, "rate_limit_backend must be text, not 3"),
        ({"backend": URL, "on_unreachable": "wait"}, "must be 'error' or 'local', not 'wait'"),
        ({"password": "secret"}, "rate_limit_password is given, but rate_limit_backend is not a Redis URL"),
        ({"shares": 1}, "RateLimit has no option 'shares'; known: share, backend"),
        (4, "RateLimit must be a mapping or RateLimit, not int"),
    ],
)
def test_bad_options(given: Any, says: str) -> None:
    """A wrong option is named, with its value and the way out, and shows no password."""
    with pytest.raises((ValueError, TypeError)) as caught:
        RateLimit.from_mapping(given)
    assert says in str(caught.value)
    assert "cret" not in str(caught.value).replace("rate_limit", "")


def test_repr_shows_no_password() -> None:
    """What could be printed by accident shows neither password nor URL."""
    limit = RateLimit(backend=URL, password="other-secret")
    assert repr(limit) == "RateLimit(share=1.0, backend='redis://***', on_unreachable='error')"
    assert limit.secrets == ("other-secret", URL, "se%2Fcret", "se/cret")
    assert RateLimit(backend="redis://server:6379/0").secrets == ()
    assert RateLimit(share=0.5).secrets == ()


def test_share_of_the_limit() -> None:
    """The share is one of the rate that is asked for, or of the vendor's."""
    assert RateLimit(share=0.5).rate(None, 10) == 5
    assert RateLimit(share=0.5).rate(4, 10) == 2
    assert RateLimit().rate(None, 10) == 10


def test_rate_above_the_vendors(caplog: pytest.LogCaptureFixture) -> None:
    """A rate above the vendor's limit is warned of, with the vendor's number."""
    with Sandbox(rate_limit=0) as sandbox:
        for asked in (None, 10, 12):
            Client(credentials(sandbox), host=sandbox.url, requests_per_second=asked)
    (record,) = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert "12 is above the vendor's limit of 10:" in record.getMessage()


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_impossible_rate(sandbox: Sandbox, rate: float) -> None:
    """A rate that is none is refused before any request."""
    with pytest.raises(ValueError, match="requests_per_second must be above 0"):
        Client(credentials(sandbox), host=sandbox.url, requests_per_second=rate)
