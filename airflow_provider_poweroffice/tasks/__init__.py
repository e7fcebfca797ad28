"""What operators, transfers, sensors and triggers share; not for DAG files."""
