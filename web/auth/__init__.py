"""Accounts, passwords and tokens: how a person proves who they are on the web."""
