"""What editors ask of raspc: the language server."""
