"""The domain as one viewer may see it: loads over a transaction, shapes, and decides nothing."""
