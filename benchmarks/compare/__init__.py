"""Our transfers against others and against hand-written readers, in one run on the same data."""
