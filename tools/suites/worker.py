"""Does one job: compiles a program and, if asked, verifies the model.  Writes only to a temporary folder of its own."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import BrokenExecutor
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ...rasp_grammar.codes import Code
from ...rasp_grammar.diagnostics import Diagnostic, RaspError
from ...rasp_grammar.span import Source
from ..error_messages import diagnostics_of, summary_of
from .records import Job, JobResult, Message, ProgramText, Sizes, Status, SuiteProgram, UnreadableText

#: A file that has only these mistakes is a library, which others load.
_LIBRARY = frozenset[Code]({"no-output", "no-vocabulary", "no-length"})


def build(job: Job) -> JobResult:
    """Compile (and, if asked, verify) one program.  Raises nothing: failures are results."""
    from .sources import compiler_digest

    started = time.perf_counter()
    if compiler_digest(job.settings.verify) != job.compiler:
        mistake = Diagnostic(
            "build-worker",
            f"`{job.target.path}`: the worker runs another version of raspc",
            None,
            "install the same version everywhere; a build during which raspc changes is started again",
        )
        return JobResult("failed", 0.0, messages_of([mistake]))
    try:
        return _built(job, started)
    except Exception as error:  # it must not stop the other programs
        return failure_result(error, job.target, time.perf_counter() - started)


def failure_result(error: Exception, target: SuiteProgram, seconds: float = 0.0) -> JobResult:
    """The result of a job that an error ended.  A library ends with the error that it has no output: it is skipped."""
    match error:
        case RaspError():
            status: Status = "skipped" if _is_library(error) else "failed"
            return JobResult(status, seconds, messages_of(error.diagnostics))
        case BrokenExecutor():
            message = "the process that compiled it was ended from outside"
            found = Diagnostic("build-worker", message, None, f"the system does that when memory runs out: {_SMALLER}")
        case _ if type(error).__module__.partition(".")[0] == "distributed":
            message = f"no worker could finish it: {summary_of(error)}"
            found = Diagnostic("build-worker", message, None, f"if memory ran out, {_SMALLER}")
        case ImportError():
            message = f"a worker cannot import what it needs: {summary_of(error)}"
            found = Diagnostic("build-worker", message, None, "install raspc on every worker")
        case OSError():
            (found,) = diagnostics_of(error)
            found = replace(found, hint="the system's temporary folder needs room")
        case _:
            (found,) = diagnostics_of(error)
    found = replace(found, message=f"`{target.path}`: {found.message}")
    return JobResult("failed", seconds, messages_of([found]))


_SMALLER = "use a smaller vocabulary or max_length"


def _is_library(error: RaspError) -> bool:
    codes = {one.code for one in error.diagnostics}
    return "no-output" in codes and codes <= _LIBRARY


def _built(job: Job, started: float) -> JobResult:
    from ...compiler import compile_program
    from ...compiler.artifact.model_files import write
    from ...compiler.elaborate import elaborate, parse_vocabulary
    from ...compiler.warnings.outputs import model_warnings
    from ...compiler.work_limit import WorkLimit
    from .sources import TOO_MANY

    settings = job.settings
    program = elaborate(
        Source(job.source.name, job.source.text),
        vocabulary=None if settings.vocabulary is None else parse_vocabulary(settings.vocabulary),
        max_length=settings.max_length,
        # Elaboration asks for more than was found only if there were too many loads.
        loaded=map(_opened, itertools.chain(job.loaded, itertools.repeat(TOO_MANY))),
    )
    model = compile_program(program, settings.options, WorkLimit(settings.time_limit))
    manifest = model.manifest
    warnings = list(model_warnings(program, manifest))
    if settings.werror:
        warnings = [replace(warning, severity="error") for warning in warnings]
    totals = manifest.sizes()
    sizes = Sizes(
        layers=totals.layers,
        attention_depth=manifest.attention_depth,
        heads=totals.heads,
        neurons=totals.neurons,
        d_model=manifest.d_model,
        parameters=totals.parameters,
    )
    with tempfile.TemporaryDirectory(prefix="raspc-") as folder:
        written = write(model, Path(folder) / f"{PurePosixPath(job.target.name).name}.safetensors")
        weights, text = written.weights.read_bytes(), written.manifest.read_bytes()
        compared, mistakes = _verified(written.weights, settings.time_limit) if settings.verify else (None, [])
    said = messages_of([*warnings, *mistakes])
    status: Status = "failed" if mistakes or (settings.werror and warnings) else "ok"
    return JobResult(status, time.perf_counter() - started, said, sizes, weights, text, compared)


def _opened(found: ProgramText | UnreadableText) -> Source:
    if isinstance(found, UnreadableText):
        raise RaspError(Diagnostic(found.code, found.message, None, found.hint))
    return Source(found.name, found.text)


def _verified(path: Path, time_limit: float | None) -> tuple[int, list[Diagnostic]]:
    """The number of inputs on which model and interpreter were compared, and the errors where they differ."""
    import torch

    from ...runner.model import load
    from ...runner.verify.verify import chosen_inputs, program_of, until, verify

    torch.set_num_threads(1)  # the jobs run in parallel
    model = load(path, device="cpu")
    inputs = chosen_inputs(model.manifest)
    if time_limit is None:
        verdicts = verify(model, program_of(model.manifest), inputs)
    else:
        verdicts = verify(model, program_of(model.manifest), inputs.in_rounds(), until(time_limit))
    found = [verdict.comparison for verdict in verdicts]
    mistakes = [
        Diagnostic(
            "model-differs",
            f"output `{one.output}` differs from the program on {list(wrong.tokens)!r}, position {wrong.position}",
            None,
            "this is a bug of raspc: please report it with the program",
        )
        for one in found
        if (wrong := one.counterexample) is not None
    ]
    return max((one.compared for one in found), default=0), mistakes


def messages_of(diagnostics: Iterable[Diagnostic]) -> tuple[Message, ...]:
    return tuple(Message(one.render(), one.as_json()) for one in diagnostics)
