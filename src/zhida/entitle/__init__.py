"""What is owed to whom: the best lawful combination, budgets, the next step up, what a change would cost, who hears of it."""
