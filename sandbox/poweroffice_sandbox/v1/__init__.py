"""
PowerOffice Go v1, the legacy API at ``api.poweroffice.net``: what the v1 port of the sandbox serves.

Rule: an oracle, like the rest of the sandbox. Paths, fields and envelope are those of a published description
of 2021 and of the official documentation of the limits and of the .NET 8 backend; what neither says is a
switch, or is listed as assumed in docs/v1.md.
"""
