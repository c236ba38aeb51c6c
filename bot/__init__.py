"""What the agent is; knows nothing of HTTP pages."""
