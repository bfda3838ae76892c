"""Notices: whose answer changed between two runs, and how much is delivered without being asked for."""
