"""Everything that is read by people: explanations, policies woven with their rules, and the report of a registry."""
