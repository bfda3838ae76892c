"""How what is owed reaches the enterprise: public notice, confirmation, batches of payments, the bank's answer."""
