"""Reading a collection, page by page."""
