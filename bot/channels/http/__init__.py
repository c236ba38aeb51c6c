"""The tool that makes one HTTP request to a host the operator listed."""
