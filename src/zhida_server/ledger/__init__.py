"""Double entry in whole fen, held by the database itself: budgets cannot be overdrawn, nothing is edited, nothing is posted twice."""
