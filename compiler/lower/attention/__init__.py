"""Attention heads: selectors and aggregates go in, heads with query, key, value and output forms come out."""
