"""A RASP program's syntax tree comes in; the weights of a transformer and their manifest go out.

`pipeline` lists the stages in order.  `elaborate` is the first of them; `compile_program` runs the others, and `emit`
prints one.  The names here are loaded when they are first used: elaborating a program loads none of the later stages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .options import CompileOptions as CompileOptions
    from .pipeline import compile_program as compile_program
    from .pipeline import emit as emit
    from .stages import Stages as Stages

#: Public name -> the module that defines it.
_HOMES = {"CompileOptions": ".options", "Stages": ".stages", "compile_program": ".pipeline", "emit": ".pipeline"}

__all__ = ["CompileOptions", "Stages", "compile_program", "emit"]  # noqa: PLE0604, RUF100 - found by __getattr__


if not TYPE_CHECKING:  # a type checker would take every name for one of ours

    def __getattr__(name: str) -> object:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(home, __name__), name)
        globals()[name] = value
        return value
