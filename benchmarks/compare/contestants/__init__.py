"""Each module reads a task's ledger its own way: ``read(task)`` gives the number of rows."""
