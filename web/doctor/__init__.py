"""What an operator has to see to: checks of a deployment, each with what to do."""
