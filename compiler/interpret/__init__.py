"""What a program graph means: a graph and input tokens go in, exact output values come out."""
