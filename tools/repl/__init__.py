"""The interactive session: statements in, the running example's values out."""
