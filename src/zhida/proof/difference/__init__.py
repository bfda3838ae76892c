"""The difference of two versions: law, rules, answers."""
