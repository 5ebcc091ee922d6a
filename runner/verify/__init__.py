"""Verification: a model and its program go in, the inputs on which they differ come out."""
