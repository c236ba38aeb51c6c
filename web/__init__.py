"""The outermost package: the HTTP server and the companion page."""
