"""The ports' implementations: the store, the planners, the scheduler."""
