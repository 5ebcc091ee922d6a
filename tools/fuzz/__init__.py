"""A seed goes in; a summary of how the compiled models of random programs differ from the interpreter comes out.

`campaign.run` takes programs from `datasets.random_programs`, compares model and interpreter on each
(`check.check_program`), and reduces the programs that fail (`shrink.shrink`).
"""
