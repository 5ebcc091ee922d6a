"""Stage 4: blocks (heads, neuron groups, outputs over directions) come in, a schedule of layers goes out."""
