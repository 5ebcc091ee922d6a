"""Looking at a model at work: what each direction holds on one input, as text, as a page, as figures."""
