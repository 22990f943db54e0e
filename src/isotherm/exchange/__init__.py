"""The rim toward files: each module reads and writes one outside form."""
