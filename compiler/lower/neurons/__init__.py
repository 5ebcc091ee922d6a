"""Neuron groups: element-wise functions of several values go in, ReLU neurons come out."""
