"""The rows a v1 company begins with."""
