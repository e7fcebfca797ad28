"""
An S3 of the test's own.

These tests need the providers of Amazon and Snowflake, which have an environment of their own:
``make test-stores``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from gate import Gate
from moto.server import ThreadedMotoServer
from support.airflow_home import ROOT

KEY_ID, SECRET = "AKIAPOWEROFFICETESTS", "s3cr3t+of/the-lake0123456789abcdefgh"


class Lake:
    """A bucket named ``lake``, as the connection ``aws_lake`` sees it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.s3 = boto3.client(
            "s3", endpoint_url=url, aws_access_key_id="a", aws_secret_access_key="b", region_name="eu-north-1"
        )

    def connection(self, url: str | None = None) -> str:
        """Write the Airflow connection."""
        extra = {"endpoint_url": url or self.url, "region_name": "eu-north-1"}
        return json.dumps({"conn_type": "aws", "login": KEY_ID, "password": SECRET, "extra": extra})

    def put(self, key: str, content: bytes) -> str:
        """Store an object, and give its path."""
        self.s3.put_object(Bucket="lake", Key=key, Body=content)
        return f"s3://aws_lake@lake/{key}"

    def get(self, key: str) -> bytes:
        """Read an object."""
        content: bytes = self.s3.get_object(Bucket="lake", Key=key)["Body"].read()
        return content

    def names(self) -> list[str]:
        """List the objects."""
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket="lake").get("Contents", [])]


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """Run one store for the whole session, and give its URL."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def lake(s3: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """Give an empty bucket."""
    lake = Lake(s3)
    monkeypatch.setenv("AIRFLOW_CONN_AWS_LAKE", lake.connection())
    lake.s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
    yield lake
    for key in lake.names():
        lake.s3.delete_object(Bucket="lake", Key=key)
    lake.s3.delete_bucket(Bucket="lake")


@pytest.fixture
def killed(lake: Lake) -> Callable[..., None]:
    """Give a function that runs a program and kills it while it uploads the object whose path ends so."""

    def run(program: str, *, at: str, number: int = 1, whole: bool = False) -> None:
        seen: list[str] = []

        def hold(path: str) -> bool:
            seen.extend([path] if at in path else [])
            return at in path and len(seen) == number

        with Gate(lake.url, hold, whole=whole) as gate:
            there: dict[str, Any] = os.environ | {"AIRFLOW_CONN_AWS_LAKE": lake.connection(gate.url)}
            worker = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=there)
            try:
                while not gate.held.wait(0.1):
                    assert worker.poll() is None, "it ended before it was killed"
            finally:
                worker.kill()
                worker.wait()

    return run
