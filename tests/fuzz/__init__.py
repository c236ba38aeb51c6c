"""Every endpoint against what schemathesis makes of its own description: `make fuzz`."""
