"""Offices, staff and representatives, how they log in, and what each role may do."""
