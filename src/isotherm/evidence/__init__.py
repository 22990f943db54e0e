"""What others published: numbers as data, each with its source, and what can be recomputed from them."""
