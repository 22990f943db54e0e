"""Records in, effects out, pure: cohorts, matching, weighting, balance and survival."""
