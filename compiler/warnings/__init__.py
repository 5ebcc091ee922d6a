"""Warnings about a compiled program: its graph and model go in, diagnostics come out."""
