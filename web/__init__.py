"""The outermost package: the HTTP server and the companion page."""

__version__ = "0.1.0"
