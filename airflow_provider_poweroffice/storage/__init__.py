"""From pages to files; knows nothing of Airflow."""

FORMATS = ("ndjson.gz", "ndjson.zst", "ndjson", "json pages", "parquet")
"""What a file can be. It stands here, since arguments are checked while DAG files are read."""
