"""How v1's resources are read and written: queries, bodies, rules, reports."""
