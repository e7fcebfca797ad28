"""
From pages to a table of a database, over any DB-API connection; knows nothing of Airflow.

What a load can be asked for stands here, since arguments are checked while DAG files are read.
"""

MODES = ("append", "replace", "upsert")
LAYOUTS = ("raw", "columns")
COLUMN_NAMES = ("snake_case", "as sent")
ON_TYPE_CONFLICT = ("fail", "extra")
