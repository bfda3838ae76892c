"""Coverage: what the examples of a policy show."""
