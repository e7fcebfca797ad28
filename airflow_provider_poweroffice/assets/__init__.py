"""Collections of PowerOffice Go as Airflow assets."""
