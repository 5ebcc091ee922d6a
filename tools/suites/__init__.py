"""Suites of programs: what to compile, what need not be compiled again, who compiles it, and what came of it."""
