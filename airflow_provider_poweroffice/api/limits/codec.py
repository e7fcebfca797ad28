"""
A window as bytes, and back.

Rule: whatever is not exactly such bytes reads as None: a torn or foreign file is begun anew.
"""

from __future__ import annotations

import struct
import zlib

from airflow_provider_poweroffice.api.limits.window import Window

_HEAD = struct.Struct("<8sI")  # what it is, and the checksum of the rest
_COUNTS = struct.Struct("<dddII")  # rate, rate_until, paused_until, starts, waiting
_MAGIC = b"POLIMIT1"

MOST_BYTES = 1 << 20


def encode(window: Window) -> bytes:
    """Write a window."""
    pairs = [value for pair in (*window.starts, *window.waiting) for value in pair]
    body = _COUNTS.pack(
        window.rate, window.rate_until, window.paused_until, len(window.starts), len(window.waiting)
    ) + struct.pack(f"<{len(pairs)}d", *pairs)
    return _HEAD.pack(_MAGIC, zlib.crc32(body)) + body


def decode(data: bytes) -> Window | None:
    """Read a window; bytes after its end are left over from a longer one."""
    start = _HEAD.size + _COUNTS.size
    if len(data) < start:
        return None
    magic, checksum = _HEAD.unpack_from(data)
    rate, rate_until, paused_until, starts, waiting = _COUNTS.unpack_from(data, _HEAD.size)
    end = start + 16 * (starts + waiting)
    if magic != _MAGIC or len(data) < end or zlib.crc32(data[_HEAD.size : end]) != checksum:
        return None
    values = struct.unpack_from(f"<{2 * (starts + waiting)}d", data, start)
    pairs = list(zip(values[::2], values[1::2], strict=True))
    return Window(rate, rate_until, paused_until, pairs[:starts], pairs[starts:])
