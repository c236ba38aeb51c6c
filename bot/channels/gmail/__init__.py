"""Mail by Gmail: what comes in is read by pure functions, the rest is transport."""
