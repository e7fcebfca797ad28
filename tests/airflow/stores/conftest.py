"""
Object stores of the test's own: an S3 of moto, and the Azure Blob Storage of azurite.

These tests need providers that have an environment of their own, and azurite in it: ``make test-stores``.
"""

# ruff: noqa: D102 - each store does what Lake says

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import boto3
import pytest
from azure.storage.blob import BlobServiceClient
from gate import Gate
from moto.server import ThreadedMotoServer
from support.airflow_home import HOME, ROOT

from tests.infrastructure.airflow_home import StartError
from tests.infrastructure.processes import Guarded

# Unless told otherwise before it is imported, Cosmos tells its makers of runs and keeps files in /tmp.
os.environ |= {"AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False", "AIRFLOW__COSMOS__ENABLE_CACHE": "False"}
MIB = 2**20


class Lake(ABC):
    """A bucket named ``lake``, as the connection ``store`` sees it."""

    scheme: ClassVar[str]
    secrets: ClassVar[dict[str, str]]
    missing: ClassVar[str]
    """What the store says of a bucket that is not there."""
    sizes: ClassVar[tuple[int, int]]
    """Bytes of an object that goes in parts, and of a part."""

    def __init__(self, url: str) -> None:
        self.url = url

    @property
    def root(self) -> str:
        """The bucket's path."""
        return f"{self.scheme}://store@lake"

    @abstractmethod
    def connection(self, url: str | None = None) -> str:
        """Write the Airflow connection."""

    @abstractmethod
    def create(self) -> None:
        """Make the bucket."""

    @abstractmethod
    def remove(self) -> None:
        """Remove the bucket with all that is in it."""

    @abstractmethod
    def put(self, key: str, content: bytes) -> str:
        """Store an object, and give its path."""

    @abstractmethod
    def get(self, key: str) -> bytes:
        """Read an object."""

    @abstractmethod
    def names(self) -> list[str]:
        """List the objects."""

    @abstractmethod
    def parts(self, key: str) -> int:
        """Count the parts of an object that was sent in parts, none of which may be waiting in the store."""


class S3(Lake):
    """S3 as moto has it."""

    scheme = "s3"
    secrets: ClassVar = {"key": "AKIAPOWEROFFICETESTS", "secret": "s3cr3t+of/the-lake0123456789abcdefgh"}
    missing = "bucket does not exist"
    sizes = (12 * MIB, 5 * MIB)  # the least that S3 takes

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._s3 = boto3.client(
            "s3", endpoint_url=url, aws_access_key_id="a", aws_secret_access_key="b", region_name="eu-north-1"
        )

    def connection(self, url: str | None = None) -> str:
        extra = {"endpoint_url": url or self.url, "region_name": "eu-north-1"}
        login, password = self.secrets.values()
        return json.dumps({"conn_type": "aws", "login": login, "password": password, "extra": extra})

    def create(self) -> None:
        where: Any = {"LocationConstraint": "eu-north-1"}
        self._s3.create_bucket(Bucket="lake", CreateBucketConfiguration=where)

    def remove(self) -> None:
        for key in self.names():
            self._s3.delete_object(Bucket="lake", Key=key)
        self._s3.delete_bucket(Bucket="lake")

    def put(self, key: str, content: bytes) -> str:
        self._s3.put_object(Bucket="lake", Key=key, Body=content)
        return f"{self.root}/{key}"

    def get(self, key: str) -> bytes:
        content: bytes = self._s3.get_object(Bucket="lake", Key=key)["Body"].read()
        return content

    def names(self) -> list[str]:
        return [item["Key"] for item in self._s3.list_objects_v2(Bucket="lake").get("Contents", [])]

    def parts(self, key: str) -> int:
        assert "Uploads" not in self._s3.list_multipart_uploads(Bucket="lake")
        tag: str = self._s3.head_object(Bucket="lake", Key=key)["ETag"]
        return int(tag.strip('"').rpartition("-")[2])


class Azure(Lake):
    """Azure Blob Storage as azurite has it; its bucket is a container."""

    scheme = "abfs"
    secrets: ClassVar = {"secret": base64.b64encode(b"s3cr3t of the lake 0123456789 abcdefgh").decode()}
    missing = "No such container"
    sizes = (70 * MIB, 4 * MIB)  # up to 64 MiB go in one request
    account = "books"

    def __init__(self, url: str) -> None:
        super().__init__(url)
        service = BlobServiceClient(f"{url}/{self.account}", credential=self.secrets["secret"])
        self._lake = service.get_container_client("lake")

    def connection(self, url: str | None = None) -> str:
        about = {
            "DefaultEndpointsProtocol": "http",
            "AccountName": self.account,
            "AccountKey": self.secrets["secret"],
            "BlobEndpoint": f"{url or self.url}/{self.account}",
        }
        text = ";".join(f"{name}={value}" for name, value in about.items())
        return json.dumps({"conn_type": "wasb", "extra": {"connection_string": text}})

    def create(self) -> None:
        self._lake.create_container()

    def remove(self) -> None:
        self._lake.delete_container()

    def put(self, key: str, content: bytes) -> str:
        self._lake.upload_blob(key, content, overwrite=True)
        return f"{self.root}/{key}"

    def get(self, key: str) -> bytes:
        return self._lake.download_blob(key).readall()

    def names(self) -> list[str]:
        return list(self._lake.list_blob_names())

    def parts(self, key: str) -> int:
        there, waiting = self._lake.get_blob_client(key).get_block_list("all")
        assert not waiting
        return len(there)


@pytest.fixture(scope="session")
def s3() -> Iterator[Lake]:
    """Run an S3 for the whole session."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield S3(f"http://{host}:{port}")
    server.stop()


@pytest.fixture(scope="session")
def abfs() -> Iterator[Lake]:
    """Run an Azure Blob Storage for the whole session."""
    program = Path(sys.prefix) / "node_modules/azurite/dist/src/blob/main.js"
    if not program.is_file():
        raise StartError("azurite is not installed: make test-stores")
    log = HOME / "azurite.log"
    options = ["--blobHost", "127.0.0.1", "--blobPort", "0"]
    options += ["--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck", "--silent"]
    environment = os.environ | {"AZURITE_ACCOUNTS": f"{Azure.account}:{Azure.secrets['secret']}"}
    node = str(Path(sys.prefix) / "bin/node")
    server = Guarded([node, str(program), *options], environment, HOME, log)
    try:
        deadline = time.monotonic() + 60
        while (listens := re.search(r"successfully listens on (http://[\d.:]+)\s", log.read_text())) is None:
            if time.monotonic() > deadline or not server.running:
                raise StartError(f"azurite does not come up: {log.read_text()[-500:]}")
            time.sleep(0.05)
        yield Azure(listens[1])
    finally:
        server.stop()


@pytest.fixture(params=["s3", "abfs"])
def lake(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """Give an empty bucket of each store."""
    lake: Lake = request.getfixturevalue(request.param)
    monkeypatch.setenv("AIRFLOW_CONN_STORE", lake.connection())
    lake.create()
    yield lake
    lake.remove()


@pytest.fixture
def killed(lake: Lake) -> Callable[..., None]:
    """Give a function that runs a program and kills it while it uploads the object whose path ends so."""

    def run(program: str, *, at: str, number: int = 1, whole: bool = False) -> None:
        seen: list[str] = []

        def hold(path: str) -> bool:
            seen.extend([path] if at in path else [])
            return at in path and len(seen) == number

        with Gate(lake.url, hold, whole=whole) as gate:
            there: dict[str, Any] = os.environ | {"AIRFLOW_CONN_STORE": lake.connection(gate.url)}
            worker = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=there)
            try:
                while not gate.held.wait(0.1):
                    assert worker.poll() is None, "it ended before it was killed"
            finally:
                worker.kill()
                worker.wait()

    return run
