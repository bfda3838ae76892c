"""Budgets: who is paid now, who waits, and when the money runs out."""
