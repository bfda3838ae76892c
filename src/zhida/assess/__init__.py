"""Assessing: what a policy says for one subject, or for a whole registry, and why."""
