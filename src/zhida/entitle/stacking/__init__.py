"""Which benefits restrict each other: the groups of the stacking pages as a structure over policies."""
