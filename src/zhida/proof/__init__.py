"""Proof: what can be said of a policy before anybody is decided by it."""
