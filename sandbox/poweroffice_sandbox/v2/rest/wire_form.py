"""
The uncertain details of the JSON text: nulls and timestamps.

Rule: works on encoded bytes, after everything else, so that rows and ledger need not know the switches.
"""

from __future__ import annotations

import re

from ..switches import Switches

# Inside a JSON text a quote is always escaped, so neither pattern can match within a string value.
_NULLS = re.compile(rb',"\w+":null|"\w+":null,?')
_STAMPS = re.compile(rb'(Date[Tt]imeOffset":"[^".]{19}\.\d{6})(\d)Z')
_FORMS = {"6-digits-z": rb"\1Z", "offset": rb"\1\2+00:00", "naive": rb"\1\2"}


def formed(body: bytes, switches: Switches) -> bytes:
    """
    Bring JSON into the form the switches ask for.

    :param body: JSON with nulls and seven-digit UTC timestamps.
    """
    if switches.timestamps != "7-digits-z":
        body = _STAMPS.sub(_FORMS[switches.timestamps], body)
    if switches.nulls == "omitted":
        body = _NULLS.sub(b"", body)
    return body
