"""Analysis: a program graph comes in, facts that hold on every input come out: domains, affine forms, conjunctions."""
