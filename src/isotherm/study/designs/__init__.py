"""Designs for questions of timing: when ablation is given relative to systemic therapy, and what may be said of it."""
