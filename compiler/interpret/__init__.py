"""A program graph and input tokens come in; the exact values of its nodes go out."""
