"""RASP programs: a text goes in; its syntax tree, or the diagnostics of its mistakes, come out."""
