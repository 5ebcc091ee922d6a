"""Stage 2: a program graph goes in, an equivalent graph with fewer and cheaper nodes comes out."""
