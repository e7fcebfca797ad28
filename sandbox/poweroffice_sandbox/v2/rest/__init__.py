"""How v2's resources are read and written: lists, bodies, patches, filters, pages, routes."""
