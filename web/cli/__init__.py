"""The command line: what an operator asks of a deployment, also while its server runs."""
