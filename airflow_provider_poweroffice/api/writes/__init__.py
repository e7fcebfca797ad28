"""Writes: a body checked before it is sent, and a record written once."""
