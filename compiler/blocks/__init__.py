"""The block representation: heads, neuron groups and outputs over directions, and their schedule into layers."""
