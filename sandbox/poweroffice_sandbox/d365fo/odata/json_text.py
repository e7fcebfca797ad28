"""
Reading JSON bodies.

Rule: whatever a client sends ends in a value or in a :class:`ValueError`, never in another error. Fractions
become decimals, so that amounts keep their digits.
"""

from __future__ import annotations

import json
from decimal import Decimal, DecimalException
from typing import Any, NoReturn


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON value")


def parse(text: str) -> Any:
    """
    Read a JSON text.

    :raises ValueError: it is no JSON, or not fit to be sent back: NaN, half a surrogate pair, too deep.
    """
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=_refused)
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except DecimalException:
        raise ValueError("a number is too large") from None
    return value
