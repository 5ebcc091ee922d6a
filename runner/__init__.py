"""Weights to predictions.  The only part of raspc that imports torch."""
