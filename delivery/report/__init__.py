"""The journey report as a person or a machine reads it."""
