"""A program graph comes in; a graph with the same outputs goes out that takes smaller heads and fewer neurons."""
