"""Programs and weights at scale, for training and measuring."""
