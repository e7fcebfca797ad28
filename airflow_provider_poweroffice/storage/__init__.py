"""From pages to files; knows nothing of Airflow."""
