"""Links from a task to the vendor's documentation."""
