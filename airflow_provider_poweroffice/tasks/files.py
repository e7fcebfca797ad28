"""The ``files`` argument: paths, read where a multipart body is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.sdk import ObjectStoragePath

if TYPE_CHECKING:
    from airflow_provider_poweroffice.api.call import Files


def read_files(files: Any) -> Files | None:
    """
    Read files, local or in an object store.

    :param files: form field to path, or None.
    :raises TypeError: it is something else.
    """
    if files is None:
        return None
    if not isinstance(files, Mapping) or not all(isinstance(path, str) for path in files.values()):
        raise TypeError("files must map a form field to a file's path, such as {'file': 's3://bucket/a.pdf'}")
    paths = {field: ObjectStoragePath(path) for field, path in files.items()}
    return {field: (path.name, path.read_bytes()) for field, path in paths.items()}
