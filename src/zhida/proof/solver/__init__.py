"""The solver: a linked model as terms, and whom a question can meet."""
