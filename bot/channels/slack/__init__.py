"""Slack: what is shown there and what is heard there; the only package that knows Slack."""
