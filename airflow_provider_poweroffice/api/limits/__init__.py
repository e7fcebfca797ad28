"""Keepers of the rate limit: of one process, of one host, of several hosts."""
