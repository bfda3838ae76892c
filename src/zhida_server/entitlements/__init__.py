"""Runs of all policies over a snapshot, the answers, and what enterprises are owed by them."""
