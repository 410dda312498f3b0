"""The export stage: from a working directory to phone and server."""
