"""From the records of a file to writing calls, each once; knows nothing of Airflow."""

FORMATS = ("ndjson", "json", "csv", "parquet")
"""What a file of records can be; all but Parquet also compressed: ``.gz``, ``.zst``."""
ACTIONS = ("create", "update", "upsert", "delete")
"""What can be done with records."""
