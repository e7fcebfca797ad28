"""Servers and programs that tests and demonstrations start: Airflow, PostgreSQL, Redis, a browser."""
