"""PowerOffice Go v2: what the v2 port of the sandbox serves."""
