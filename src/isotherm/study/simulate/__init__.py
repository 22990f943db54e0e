"""Simulated patients with a known truth. Nothing in them was ever seen in a patient."""
