"""Random well-formed RASP programs, and the comparison of their compiled models with the interpreter.

`generator.generate` writes a program, `check.check_program` compares model and interpreter on it,
`shrink.shrink` makes a failing one small, `campaign.run` does all of it many times over.
"""
