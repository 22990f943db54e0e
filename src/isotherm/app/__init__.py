"""The rim toward people: tasks, command line, figures, report."""
