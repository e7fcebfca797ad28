"""What ``files`` may read: below the worker's own folders, plain files, of a bounded size."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any, Self

import fsspec
import pytest

from airflow_provider_poweroffice.hooks.poweroffice import PowerOfficeHook
from airflow_provider_poweroffice.operators.poweroffice import PowerOfficeOperator
from airflow_provider_poweroffice.tasks.files import open_files
from poweroffice_sandbox import Sandbox

pytestmark = pytest.mark.finding("S8")


def read(files: Any, **options: Any) -> Any:
    """Open files, and give their names and contents."""
    with open_files(files, **options) as found:
        return found and {field: (part[0], part[1].read()) for field, part in _rewound(found)}


def _rewound(found: Any) -> Any:
    for field, part in found.items():
        part[1].seek(0)
        yield field, part


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder whose files may be sent; a receipt is in it, and a secret beside it."""
    folder = tmp_path / "receipts"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(b"%PDF")
    (tmp_path / "secret").write_bytes(b"key")
    (tmp_path / "receipts-old").mkdir()
    (tmp_path / "receipts-old" / "b.pdf").write_bytes(b"old")
    monkeypatch.setenv("AIRFLOW__POWEROFFICE__FILE_ROOTS", f"/nowhere:{folder}")
    return folder


def test_files_below_a_root(root: Path) -> None:
    """A file is read by its path, or by its URI; links within the root are followed."""
    (root / "deep").mkdir()
    (root / "deep" / "link.pdf").symlink_to(root / "a.pdf")
    assert read({"file": str(root / "a.pdf"), "b": f"file://{root}/deep/link.pdf"}) == {
        "file": ("a.pdf", b"%PDF"),
        "b": ("link.pdf", b"%PDF"),
    }
    assert read(None) is None


def test_no_root_no_local_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the worker's word no local file is read, and the message says whose word it takes."""
    monkeypatch.delenv("AIRFLOW__POWEROFFICE__FILE_ROOTS")
    with pytest.raises(ValueError, match=r"AIRFLOW__POWEROFFICE__FILE_ROOTS=/data") as caught:
        read({"file": str(root / "a.pdf")})
    assert "files['file']" in str(caught.value)


@pytest.mark.parametrize(
    "path",
    [
        "{tmp}/secret",
        "{root}/../secret",
        "file://{root}/../secret",
        "file://{root}/deep/../../secret",
        "{root}/link",
        "file://{root}/folder-link/secret",
        "{tmp}/receipts-old/b.pdf",
        "{root}",
        "{root}/fifo",
        "{root}/hard-link",
        "file://{root}/folder-link/receipts/hard-link",
        "/proc/self/environ",
        "{root}/proc-link/self/environ",
        "{root}/null",
        "/dev/zero",
        "file:/etc/passwd",
        "file://localhost/etc/passwd",
        "local:/etc/passwd",
        "local:///etc/passwd",
        "FILE:///etc/passwd",
        "simplecache::file:/etc/passwd",
        "simplecache::file://{root}/a.pdf",
        "zip://a::file://{root}/a.pdf",
        "zip://a.pdf",
        "http://127.0.0.1:1/a",
        "https://127.0.0.1:1/a",
        "HTTP://127.0.0.1:1/a",
        "ftp://127.0.0.1/a",
        "sftp://127.0.0.1/a",
        "github://a/b",
        "data:text/plain,x",
        "memory://a",
        "reference://x",
        "s3:/a/b",
        "s3:///b",
        "s3::http://127.0.0.1/a",
        "relative.pdf",
        "~/a.pdf",
        "",
        "{root}/a.pdf\n",
        "{root}/a\x00.pdf",
    ],
)
def test_everything_else_is_refused(root: Path, path: str) -> None:
    """Other places, links that lead out, and what is not a plain file are refused without being read."""
    (root / "link").symlink_to(root.parent / "secret")
    (root / "folder-link").symlink_to(root.parent)
    (root / "proc-link").symlink_to("/proc")
    (root / "null").symlink_to("/dev/null")
    (root / "hard-link").hardlink_to(root.parent / "secret")
    os.mkfifo(root / "fifo")
    given = path.format(root=root, tmp=root.parent)
    with pytest.raises(ValueError, match="files") as caught:
        read({"file": given})
    assert "key" not in str(caught.value)


def test_a_folder_is_refused_and_closed(root: Path) -> None:
    """A folder is named in the error, and no descriptor of it stays open."""
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names alone
    for _ in range(3):
        with pytest.raises(ValueError, match="is not a plain file"):
            read({"file": str(root)})
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - names alone


@pytest.mark.parametrize("name", ["/proc", "/"])
def test_not_even_below_a_root(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A root that holds the system's own folders does not open them."""
    monkeypatch.setenv("AIRFLOW__POWEROFFICE__FILE_ROOTS", name)
    with pytest.raises(ValueError, match="not a file of a disk"):
        read({"file": "/proc/self/environ"})


def test_a_root_must_be_absolute(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative root would mean another folder in each process."""
    monkeypatch.setenv("AIRFLOW__POWEROFFICE__FILE_ROOTS", "receipts")
    with pytest.raises(ValueError, match="must be an absolute path"):
        read({"file": str(root / "a.pdf")})


def test_size(root: Path) -> None:
    """All files of a call together have a bound, and hardly more than it is read."""
    with (root / "large.pdf").open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(ValueError, match=r"large.pdf' is too large: .* at most 64 MiB together"):
        read({"file": str(root / "large.pdf")})
    both: Any = {"one": str(root / "a.pdf"), "two": str(root / "a.pdf")}
    assert read(both, limit=8)
    with pytest.raises(ValueError, match=r"files\['two'\]"):
        read(both, limit=7)


def test_a_copy_is_sent(root: Path) -> None:
    """What was opened stays as it was, although the file changes; nothing stays open."""
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names alone
    (root / "b.pdf").write_bytes(b"1" * 300_000)
    with open_files({"file": str(root / "b.pdf")}) as found:
        (root / "b.pdf").write_bytes(b"2")
        content: Any = found and found["file"][1]
        content.seek(0)
        assert content.read() == b"1" * 300_000
    assert content.closed
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - names alone


def test_an_object_of_a_store(root: Path) -> None:
    """An object is read through its store, whatever the worker lets be read locally."""
    from airflow.sdk.io import attach  # noqa: PLC0415 - Airflow's home comes first

    memory = fsspec.filesystem("memory")
    attach("gs", fs=memory)
    memory.pipe("receipts/deep/1001.pdf", b"%PDF-1.4 bilag")
    path = "gs://receipts/deep/1001.pdf"
    assert read({"file": path}) == {"file": ("1001.pdf", b"%PDF-1.4 bilag")}
    with pytest.raises(ValueError, match="is too large"):
        read({"file": path}, limit=5)
    memory.store.clear()
    assert root


class Stream:
    """An object that can be read once, a few bytes at a time, and can do nothing else."""

    def __init__(self, content: bytes) -> None:
        self._file = io.BytesIO(content)

    def read(self, size: int) -> bytes:
        """Give five bytes at most."""
        return self._file.read(min(size, 5))

    def close(self) -> None:
        """Close it."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Streams(fsspec.AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A store whose objects are streams."""

    content = b"%PDF-1.4 bilag" * 1000

    def _open(self, path: str, **_: Any) -> Stream:
        self.opened = path
        return Stream(self.content)


@pytest.mark.usefixtures("root")
def test_a_stream_of_a_store(sandbox: Sandbox, connection: str) -> None:
    """What can be read once only is copied: it is sent, and sent again after a 401, byte for byte."""
    from airflow.sdk.io import attach  # noqa: PLC0415 - Airflow's home comes first

    attach("abfs", fs=Streams())
    with PowerOfficeHook(connection) as hook:
        customer = hook.client.request("GET", "Customers", query={"PageSize": 1}).body[0]["Id"]
        body = {"CustomerId": customer, "SalesOrderLines": [{"LineType": "Text", "Description": "x"}]}
        order = hook.client.request("POST", "SalesOrders/Complete", body=body).body["Id"]
        task = PowerOfficeOperator(
            task_id="t",
            endpoint=f"SalesOrders/{order}/attachments",
            method="POST",
            files={"file": "abfs://receipts/1001.pdf"},
            retry_options={"wait_initial": 0},
        )
        sandbox.add_fault(action="status", status=401, method="POST", path="/SalesOrders/*/attachments")
        made = task.execute({})
        found = hook.client.request("GET", f"{task.endpoint}/{made['Id']}").content
    assert (found, sandbox.count("POST", "/SalesOrders/*/attachments")) == (Streams.content, 2)
    with pytest.raises(ValueError, match="is too large"):
        read({"file": "abfs://receipts/1001.pdf"}, limit=100)
