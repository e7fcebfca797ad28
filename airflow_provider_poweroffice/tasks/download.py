"""A document or a report to one object, streamed."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import Message
from time import monotonic
from typing import TYPE_CHECKING, Any

from airflow_provider_poweroffice.tasks.base import (
    READ_RENDERERS,
    CompanyTask,
    check_path,
    check_query,
    is_literal,
)
from airflow_provider_poweroffice.tasks.to_object_storage import check_object_path

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_poweroffice.api.response import Response

FILE_BYTES = 256 * 1024 * 1024


class DownloadTask(CompanyTask):
    """
    Copy the answer to one GET, such as a PDF, to an object in any store Airflow knows, as it was sent.

    The object is there whole or not at all, and memory does not grow with it.

    Returns a receipt: ``{"path", "uri", "bucket", "key", "company", "endpoint", "bytes", "sha256",
    "content_type", "file_name", "seconds"}``; ``file_name`` is what the server calls it, or None.

    :param endpoint: path, such as ``VoucherDocumentation/Download`` (templated).
    :param object_path: where to, with a scheme: ``s3://aws_default@bucket/{{ run_id }}.pdf`` (templated). A
        task mapped over companies must have the company in it.
    :param query: what is asked for, such as ``{"id": "..."}`` (templated).
    :param headers: further headers (templated).
    :param max_bytes: largest file, default 256 MiB.
    """

    template_fields = (*CompanyTask.template_fields, "endpoint", "object_path", "query", "headers")
    template_fields_renderers = {name: READ_RENDERERS[name] for name in ("query", "headers")}  # noqa: RUF012
    writes_object = True
    ui_color = "#d9e8f5"

    def __init__(
        self,
        *,
        endpoint: str,
        object_path: str,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = FILE_BYTES,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.endpoint = endpoint
        self.object_path = object_path
        self.query = query
        self.headers = headers
        self.max_bytes = max_bytes
        check_path(self, endpoint, self.catalogues)
        check_query(query)
        if is_literal(object_path):
            check_object_path(object_path, None)

    def execute(self, context: Context) -> dict[str, Any]:
        """Copy the file and give the receipt."""
        from airflow_provider_poweroffice.api.texts import one_line
        from airflow_provider_poweroffice.storage.publish import publish, sha256_of
        from airflow_provider_poweroffice.tasks.company import check_company_in, labelled
        from airflow_provider_poweroffice.tasks.lineage import object_uri, report_lineage
        from airflow_provider_poweroffice.tasks.results import refuse_minted_keys
        from airflow_provider_poweroffice.tasks.to_object_storage import open_object_path, place_of

        with self.running(context) as hook:
            check_company_in(self.object_path, self.company, context)
            refuse_minted_keys(self.endpoint)
            started = monotonic()
            target = open_object_path(self.object_path, None)
            found = hook.client.download(
                self.endpoint, query=self.query, headers=self.headers, max_bytes=self.max_bytes
            )
            with found.body as file:
                size, digest = sha256_of(file)
                publish(file, target)
            report_lineage(hook, self.endpoint, object_uri(self.object_path))
        content_type = found.head.headers.get("Content-Type")
        receipt = {
            **place_of(self.object_path),
            "company": self.company,
            "endpoint": self.endpoint,
            "bytes": size,
            "sha256": digest,
            "content_type": None if content_type is None else one_line(content_type),
            "file_name": file_name(found.head),
            "seconds": round(monotonic() - started, 3),
        }
        self.log.info(
            "%s: %d bytes to %s in %.1f s",
            labelled(self.company, self.endpoint),
            size,
            self.object_path,
            receipt["seconds"],
        )
        return receipt


def file_name(answer: Response) -> str | None:
    """Give the name that the server gives a file (RFC 6266), without any folder; None where it gives none."""
    from airflow_provider_poweroffice.api.texts import one_line

    header = Message()
    header["Content-Disposition"] = one_line(answer.headers.get("Content-Disposition", ""))
    name = header.get_filename()
    return name.replace("\\", "/").rpartition("/")[2] or None if name else None
