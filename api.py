"""The public functions of `raspc`, and how they read a program; `raspc` itself re-exports them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .compiler.options import DEFAULT_MAX_PARAMETERS, CompileOptions
from .rasp_grammar.span import Source

if TYPE_CHECKING:
    from .compiler.artifact.manifest import Manifest
    from .compiler.artifact.model_files import CompiledModel, ModelPaths
    from .compiler.graph.graph import Program
    from .compiler.graph.values import Scalar
    from .rasp_grammar.diagnostics import Diagnostic
    from .runner.model import Model


@dataclass(frozen=True)
class Compiled:
    """A compiled program, in memory: `save` writes it, `model` runs it.

    `warnings` are what the compiler had to say about the program; with `causal`, which selectors that changes.
    """

    artifact: CompiledModel
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def manifest(self) -> Manifest:
        """The manifest: the meaning of every direction of the residual stream, head, neuron group and output."""
        return self.artifact.manifest

    def save(self, path: str | Path, *, force: bool = False) -> ModelPaths:
        """Write the weights (`.safetensors`) and the manifest beside them; both are replaced whole or not at all.

        force: replace files that raspc did not write as a model.
        Raises RaspError where such a file stands in the way, and where the files cannot be written.
        """
        from .compiler.artifact.model_files import write

        return write(self.artifact, Path(path), force=force)

    def model(self, *, device: str = "auto", dtype: str = "float32") -> Model:
        """The PyTorch model, without going through files.  Imports torch; `device` and `dtype` as in `load`."""
        from .runner.model import Model

        return Model.from_compiled(self.artifact, device=device, dtype=dtype)


def compile(
    source_or_path: str | Path | Program,
    *,
    entry: str | Sequence[str] | None = None,
    vocab: Iterable[Scalar] | None = None,
    max_length: int | None = None,
    causal: bool = False,
    small: bool = False,
    uniform: bool = False,
    max_parameters: int = DEFAULT_MAX_PARAMETERS,
    time_limit: float | None = None,
) -> Compiled:
    """Compile a RASP program into the weights of a transformer.

    source_or_path: a `Path`, or a string: one with a line break or `;` is program text, one that ends in `.rasp`
        is a path, any other is program text too.  Or a `Program`, such as `ProgramBuilder.program` gives.
    entry: the name of the output (several names: several outputs); None is the last expression statement.  A `Program`
        has its outputs already.
    vocab: the tokens, instead of the program's `set vocab`: a list, or a string.  A string stands for its characters;
        one that begins with a quote, `range(`, or is a list in brackets is read as `--vocab` reads it.
    max_length: the longest input, BOS not counted, instead of the program's `set max_length`.
    causal: selectors see only positions up to their own, and the model's attention is causal.
    small: spend layers to save parameters.  uniform: pad all layers to one shape.
    max_parameters: refuse to build a larger model.
    time_limit: give up after so many seconds.

    Raises RaspError with every mistake found in the program, or with why it cannot be compiled.
    """
    from .compiler import compile_program
    from .compiler.warnings.outputs import model_warnings
    from .compiler.work_limit import WorkLimit

    program = _program(source_or_path, entry, vocab, max_length)
    options = CompileOptions(small=small, uniform=uniform, causal=causal, max_parameters=max_parameters)
    compiled = compile_program(program, options, WorkLimit(time_limit))
    return Compiled(compiled, model_warnings(program, compiled.manifest))


def load(path: str | Path, *, device: str = "auto", dtype: str = "float32") -> Model:
    """The model of a weights file or manifest (either file of the pair may be named), ready to run.  Imports torch.

    device: `auto` (a GPU where there is one), `cpu`, `cuda` or `cuda:N`.  dtype: `float32`, for which models are
        compiled, or `float64`.

    Raises RaspError for files that are damaged, do not belong together, or are no raspc model.
    """
    from .runner.model import load as load_model

    return load_model(Path(path), device=device, dtype=dtype)


def interpret(
    source_or_path: str | Path | Program,
    tokens: Sequence[Scalar],
    *,
    entry: str | None = None,
    vocab: Iterable[Scalar] | None = None,
    max_length: int | None = None,
    causal: bool = False,
) -> list[Scalar]:
    """Interpret the program on one input: its output's value at each position, computed without a model.

    The arguments are those of `compile`; a string of tokens stands for its characters.  Raises RaspError for a
    wrong program, for tokens outside the vocabulary, for a too long input, and where the output is undefined.
    """
    from .compiler.interpret.interpreter import run

    return run(_program(source_or_path, entry, vocab, max_length), list(tokens), entry=entry, causal=causal)


def _program(
    source_or_path: str | Path | Program,
    entry: str | Sequence[str] | None,
    vocab: Iterable[Scalar] | None,
    max_length: int | None,
) -> Program:
    entries = () if entry is None else (entry,) if isinstance(entry, str) else tuple(entry)
    vocabulary = None if vocab is None else _vocabulary(vocab)
    if not isinstance(source_or_path, (str, Path)):
        return _with_input_space(source_or_path, vocabulary, max_length)
    if isinstance(source_or_path, Path) or _is_path(source_or_path):
        return read_program(Path(source_or_path), entries=entries, vocabulary=vocabulary, max_length=max_length)
    from .compiler.elaborate import elaborate

    source = Source("<text>", source_or_path)
    return elaborate(source, entries=entries, vocabulary=vocabulary, max_length=max_length)


def _with_input_space(program: Program, vocabulary: tuple[Scalar, ...] | None, max_length: int | None) -> Program:
    """The program for another vocabulary or length, where one is given."""
    from .compiler.elaborate.declarations import checked_vocabulary, max_length_of

    return replace(
        program,
        vocabulary=program.vocabulary if vocabulary is None else checked_vocabulary(vocabulary),
        max_length=program.max_length if max_length is None else max_length_of(max_length, None),
    )


def _vocabulary(vocab: Iterable[Scalar]) -> tuple[Scalar, ...]:
    """The tokens that the argument `vocab` means.  Raises RaspError (wrong-vocabulary) for what is none."""
    from .rasp_grammar.diagnostics import RaspError, error

    if not isinstance(vocab, str):
        try:
            return tuple(vocab)
        except TypeError:
            message = f"`vocab` is {type(vocab).__name__}, not a list of tokens or a string"
            raise error("wrong-vocabulary", message, None, 'give `vocab="abc"` or `vocab=["(", ")"]`') from None
    is_list = len(vocab) > 2 and vocab.startswith("[") and vocab.endswith("]")
    if not (is_list or vocab.startswith(('"', "'", "range("))):
        return tuple(vocab)
    from .compiler.elaborate import parse_vocabulary

    try:
        return parse_vocabulary(vocab)
    except RaspError as problem:
        hint = "a string like this is read as a RASP expression; for its characters, give `vocab=list(...)`"
        raise RaspError([replace(one, hint=hint) for one in problem.diagnostics]) from None


def _is_path(text: str) -> bool:
    return text.endswith(".rasp") and "\n" not in text and ";" not in text


def read_program(
    path: Path,
    *,
    entries: Sequence[str] = (),
    vocabulary: tuple[Scalar, ...] | None = None,
    max_length: int | None = None,
    require_output: bool = True,
) -> Program:
    """The program of a file; `load` in it is relative to the file.  Raises RaspError, as `elaborate` does."""
    from .compiler.elaborate import elaborate
    from .rasp_grammar.source_file import read_source

    source = read_source(path)
    return elaborate(
        source,
        entries=entries,
        vocabulary=vocabulary,
        max_length=max_length,
        base=path.parent,
        require_output=require_output,
    )
