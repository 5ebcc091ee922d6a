"""raspc: compile RASP programs into the weights of a transformer, and run them.

    >>> import raspc
    >>> compiled = raspc.compile('set vocab "abc"; set max_length 8; tokens[length - indices - 1];')
    >>> compiled.save("reverse.safetensors")
    >>> raspc.load("reverse.safetensors").run("abca")
    ['a', 'c', 'b', 'a']
    >>> raspc.interpret("programs/paper/sort.rasp", [3, 1, 2])
    [1, 2, 3]

Names are loaded when they are first used: importing raspc imports neither torch (only `load`, `Model` and
`Compiled.model` need it) nor numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .version import __version__

if TYPE_CHECKING:
    from .api import Compiled as Compiled
    from .api import compile as compile
    from .api import interpret as interpret
    from .api import load as load
    from .compiler.elaborate.from_graph import ProgramBuilder as ProgramBuilder
    from .compiler.graph.graph import Program as Program
    from .compiler.options import CompileOptions as CompileOptions
    from .rasp_grammar.diagnostics import Diagnostic as Diagnostic
    from .rasp_grammar.diagnostics import RaspError as RaspError
    from .runner.model import Model as Model


#: Public name -> the module that defines it.
_HOMES = {
    "Compiled": ".api",
    "compile": ".api",
    "interpret": ".api",
    "load": ".api",
    "Program": ".compiler.graph.graph",
    "ProgramBuilder": ".compiler.elaborate.from_graph",
    "CompileOptions": ".compiler.options",
    "Diagnostic": ".rasp_grammar.diagnostics",
    "RaspError": ".rasp_grammar.diagnostics",
    "Model": ".runner.model",
}

__all__ = [  # noqa: PLE0604, RUF100 - the lazily loaded names are found by __getattr__
    "CompileOptions",
    "Compiled",
    "Diagnostic",
    "Model",
    "Program",
    "ProgramBuilder",
    "RaspError",
    "__version__",
    "compile",
    "interpret",
    "load",
]


if not TYPE_CHECKING:  # a type checker would take every name for one of ours

    def __getattr__(name: str) -> object:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(home, __name__), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
