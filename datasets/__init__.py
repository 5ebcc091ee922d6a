"""A family, a seed and a number go in; programs, for training and measuring, come out."""
