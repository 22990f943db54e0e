"""The guard: what the design itself does to a comparison, found before any estimate and told with its counts."""
