"""Every program under `programs/` in plain Python: one module per family, one function per program.

They import nothing of raspc and share no idea with it, so that a mistake in one is not a mistake in both.
Each takes the input as a list of tokens and gives the list of output values, one per position; numbers are
integers and fractions.
"""
