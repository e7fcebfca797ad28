"""What the two versions of PowerOffice Go have of their own; pure."""
