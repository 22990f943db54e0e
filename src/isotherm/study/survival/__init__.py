"""What happened over time: curves, tests and models for times to an event."""
