"""Simulation: what a change of policies would cost, and who wins and loses by it."""
