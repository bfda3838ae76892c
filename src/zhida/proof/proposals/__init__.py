"""Proposals: the examples that a policy lacks."""
