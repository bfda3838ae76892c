"""Versions of policies, kept for good and named by their sha256, and the pages that are woven from them."""
