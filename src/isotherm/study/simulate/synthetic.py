"""The words by which everything that comes of simulated patients says that it is of nobody."""

COLUMN = "synthetic"

SYNTHETIC = "simulated, no patient"
"""What the first column, `COLUMN`, of every table says in every row."""

NOBODY_LIVED = "Simulated patients: nobody in this registry ever lived."
"""What everything says that is read from a registry with the mark, beside the main result of a study as well."""
