"""Writing records so that none is doubled: what makes a record the same, and what became of a call."""
