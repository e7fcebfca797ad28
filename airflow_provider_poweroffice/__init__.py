"""PowerOffice Go for Apache Airflow. Nothing is imported here: a DAG pays only for what it uses."""
