"""Across tables and policies: what nobody meets, amounts, stacking, versions, cliffs."""
