"""The command `raspc`: one file per command, each a thin layer over the compiler, the interpreter or the runner."""
