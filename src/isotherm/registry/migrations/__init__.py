"""Changes of the tables of a registry, one revision each, frozen: an old registry changes step by step."""
