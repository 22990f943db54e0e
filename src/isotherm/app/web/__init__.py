"""The local app: pages that parse, call the task that the command line calls, and render; they compute nothing."""
