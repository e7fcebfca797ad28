"""What resources are made of: official tables, fields and their checks, filters, the shape of a resource."""
