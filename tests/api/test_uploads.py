"""Files up: what is refused before anything is sent, and what reaches the wire piece by piece."""

from __future__ import annotations

import io
import os
import tempfile
import tracemalloc
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import IO, Any, cast

import pytest
from fsspec.spec import AbstractBufferedFile
from support import FakeClock, Unthrottled, credentials
from support.raw_server import RawServer, http
from support.tap import Tap

from airflow_provider_poweroffice.api import Client, Credentials
from airflow_provider_poweroffice.api.uploads import MIB, check_upload, upload_of
from poweroffice_sandbox import Sandbox

V2 = "poweroffice_v2"
PDF = b"%PDF-1.4 bilag"
PAGES = "JournalEntryVouchers/2f228d21-8659-4c4f-8460-978ee24681a4/VoucherPages"
ATTACHMENTS = "SalesOrders/38ecfc1a-bf51-448f-99a8-a61bc5771109/attachments"


def sized(size: int, head: bytes = PDF) -> IO[bytes]:
    """Make a file of a size."""
    file = cast("IO[bytes]", tempfile.TemporaryFile())  # noqa: SIM115 - closed when it is collected
    file.write(head)
    file.truncate(size)
    return file


@pytest.mark.parametrize(
    ("method", "endpoint", "content", "said"),
    [
        ("PUT", "VoucherDocumentation", b"PK\x03\x04 a.docx", "is no PDF by its content: PUT VoucherDocu"),
        ("PUT", "VoucherDocumentation", b"\xff\xd8\xff\xe0", "is no PDF"),
        ("PUT", "VoucherDocumentation", b"", "'a.pdf' is empty"),
        ("POST", PAGES, b"PK\x03\x04", "neither a PDF nor an image by its content"),
        ("POST", ATTACHMENTS, b"", "is empty"),
        ("POST", "NewThing", b"", "is empty"),
    ],
)
def test_refused_before_anything_is_sent(
    client: Client, method: str, endpoint: str, content: bytes, said: str
) -> None:
    """What a call does not take is named with field, file and limit, bytes or file; nothing is sent."""
    for given in (content, io.BytesIO(content)):
        with pytest.raises(ValueError, match=r"^files\['file'\]: 'a.pdf' is ") as caught:
            client.build(method, endpoint, files={"file": ("a.pdf", given)})
        assert said in str(caught.value)


def test_size_and_field() -> None:
    """The documentation of a voucher is 30 MiB at most; a call that takes a file takes one, in its field."""
    put = ("PUT", "VoucherDocumentation")
    assert check_upload(V2, *put, {"file": ("a.pdf", sized(30 * MIB))})
    with pytest.raises(ValueError, match=r"is too large: 31,457,281 bytes, and PUT .* takes at most 30 MiB"):
        check_upload(V2, *put, {"file": ("a.pdf", sized(30 * MIB + 1))})
    assert check_upload(V2, "POST", PAGES, {"file": ("a.pdf", sized(30 * MIB + 1))})  # no limit is known
    for files in ({"attachment": ("a.pdf", PDF)}, {"file": ("a.pdf", PDF), "b": ("b.pdf", PDF)}):
        with pytest.raises(ValueError, match="takes one file, in the field 'file'"):
            check_upload(V2, *put, cast("Any", files))


def test_kinds_by_content() -> None:
    """A kind is told by content, whatever the name, and gives the media type where none was given."""
    for content, kind in (
        (b"\xef\xbb\xbf\r\n%PDF-1.7", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe1", "image/jpeg"),
        (b"II*\x00", "image/tiff"),
        (b"GIF89a", "image/gif"),
        (b"BM1234", "image/bmp"),
    ):
        assert check_upload(V2, "POST", PAGES, {"file": ("a", content)}) == {"file": ("a", content, kind)}
    own = {"file": ("a.pdf", PDF, "application/x-own")}
    assert check_upload(V2, "POST", ATTACHMENTS, own) == own
    anything = {"file": ("a.txt", b"x")}
    assert check_upload(V2, "POST", ATTACHMENTS, anything) == anything
    assert check_upload(V2, "POST", ATTACHMENTS, None) is None


def test_calls_that_are_known() -> None:
    """The three calls of v2 that take a file are known, in any case; v1 has none of them."""
    for method, endpoint in (("PUT", "voucherdocumentation"), ("POST", PAGES), ("POST", f"/{ATTACHMENTS}/")):
        assert upload_of(V2, method, endpoint)
        assert upload_of("poweroffice_v1", method, endpoint) is None
    assert upload_of(V2, "POST", "VoucherDocumentation") is None


def _parts(tap: Tap, index: int) -> list[Message]:
    seen = [one for one in tap.seen if one.path.endswith("/Customers")][index]
    head = f"Content-Type: {seen.headers['content-type']}\r\n\r\n".encode()
    return cast("list[Message]", BytesParser().parsebytes(head + seen.body).get_payload())


def test_on_the_wire(sandbox: Sandbox, clock: FakeClock) -> None:
    """Bytes and files, small and large, arrive as they are, and again after a 401 that a new token cures."""
    content = os.urandom(200_000)
    with (
        Tap(sandbox.url) as tap,
        Client(credentials(sandbox), host=tap.url, clock=clock, throttle=Unthrottled()) as client,
    ):
        files: Any = {
            "file": ("Kvittering å.pdf", io.BytesIO(PDF + content)),
            "b": ("b.bin", bytearray(content), "x/y"),
        }
        client.request("GET", "VatCodes")
        sandbox.expire_tokens()
        client.request("POST", "Customers", files=files, fail_on_error=False)
        assert len([one for one in tap.seen if one.path.endswith("/Customers")]) == 2
        for index in (0, 1):
            first, second = _parts(tap, index)
            assert first.get_payload(decode=True) == PDF + content
            assert first.get_content_type() == "application/pdf"
            assert 'name="file"; filename="Kvittering å.pdf"'.encode() in tap.seen[-1].body
            assert (second.get_content_type(), second.get_payload(decode=True)) == ("x/y", content)
        sent = tap.seen[-1]
        assert int(sent.headers["content-length"]) == len(sent.body)
        assert "transfer-encoding" not in sent.headers


class Less:
    """A file that does less than Python's: it reads a few bytes at a time, and ``seek`` says nothing."""

    def __init__(self, content: bytes) -> None:
        self._file = io.BytesIO(content)

    def seekable(self) -> bool:
        """Tell that it can be read again."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> None:
        """Go to a place."""
        self._file.seek(offset, whence)

    def tell(self) -> int:
        """Tell the place."""
        return self._file.tell()

    def read(self, size: int) -> bytes:
        """Give three bytes at most."""
        return self._file.read(min(size, 3))

    def readline(self) -> bytes:
        """Give a line, of any length."""
        return self._file.readline()


class Remote(AbstractBufferedFile):  # type: ignore[misc]  # fsspec has no types
    """An object as fsspec's file systems open it."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        super().__init__(None, "object", size=len(content), block_size=7)

    def _fetch_range(self, start: int, end: int) -> bytes:
        return self.content[start:end]


@pytest.mark.parametrize("kind", [Less, Remote])
def test_files_that_do_less(sandbox: Sandbox, clock: FakeClock, kind: Any) -> None:
    """They are told by their content, and arrive as they are, again after a 401."""
    with (
        Tap(sandbox.url) as tap,
        Client(credentials(sandbox), host=tap.url, clock=clock, throttle=Unthrottled()) as client,
    ):
        client.request("GET", "VatCodes")
        sandbox.expire_tokens()
        content = PDF + os.urandom(3_000)
        client.request("POST", "Customers", files={"file": ("a", kind(content))}, fail_on_error=False)
        for index in (0, 1):
            (part,) = _parts(tap, index)
            assert (part.get_content_type(), part.get_payload(decode=True)) == ("application/pdf", content)
        with pytest.raises(ValueError, match="is empty"):
            client.build("PUT", "VoucherDocumentation", files={"file": ("a.pdf", kind(b""))})
        with pytest.raises(ValueError, match="is no PDF"):
            client.build("PUT", "VoucherDocumentation", files={"file": ("a.pdf", kind(b"PK" * 1000))})


@pytest.mark.parametrize("content", [io.StringIO("x"), "text", 5, None])
def test_no_content(client: Client, content: Any) -> None:
    """What is neither bytes nor a file of bytes is refused."""
    with pytest.raises(TypeError, match=r"files\['file'\] must be"):
        client.request("POST", "NewThing", files={"file": ("a.pdf", content)})


def test_what_can_be_read_once_only(client: Client) -> None:
    """A pipe could not be sent again after a 401."""
    reading, writing = os.pipe()
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe, pytest.raises(TypeError, match="read from its beginning again"):
        client.request("POST", "NewThing", files={"file": ("a.pdf", pipe)})


def test_memory(tmp_path: Path) -> None:
    """A file of 30 MiB is sent in pieces: Python's memory grows by less than 2 MiB."""
    path = tmp_path / "large.pdf"
    path.write_bytes(PDF)
    os.truncate(path, 30 * MIB)
    keys = Credentials(application_key="a" * 36, client_key="c" * 36, subscription_key="5" * 32)
    with (
        RawServer(http(status="202 Accepted")) as server,
        Client(keys, host=f"{server.url}/v2", throttle=Unthrottled()) as client,
        path.open("rb") as file,
    ):
        client.request("PUT", "VoucherDocumentation", files={"file": ("a.pdf", PDF)})
        tracemalloc.start()
        try:
            client.request("PUT", "VoucherDocumentation", files={"file": ("a.pdf", file)})
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert server.count("PUT") == 2
    assert peak < 2 * MIB, peak
