"""From pages to a table of a database, over any DB-API connection; knows nothing of Airflow."""
