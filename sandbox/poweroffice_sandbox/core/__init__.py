"""What every sandbox is made of, whichever API it serves: server, faults, journal, controls, time."""
