"""REST by resource: each endpoint declares itself, and one frame serves them all."""
