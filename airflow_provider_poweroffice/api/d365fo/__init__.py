"""What Dynamics 365 Finance & Operations does its own way: parts of its dialect, hook and operators."""
