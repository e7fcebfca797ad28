"""Groups of tasks to be put into a DAG by one call."""
