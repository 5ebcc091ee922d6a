"""The version of raspc."""

__version__ = "0.1.0"
