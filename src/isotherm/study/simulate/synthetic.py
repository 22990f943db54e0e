"""What every table of a simulated registry says first, in every row: it is of nobody."""

COLUMN = "synthetic"

SYNTHETIC = "simulated, no patient"
