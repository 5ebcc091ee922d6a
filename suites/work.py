"""What a worker does: one job in, one outcome out, no file touched but in a temporary folder of its own."""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from ..rasp_grammar.diagnostics import Diagnostic, RaspError
from ..rasp_grammar.span import Source
from .model import Job, Message, Outcome, Sizes

#: A file with these mistakes only is a library: it defines things for others to load.
LIBRARY = frozenset({"no-output", "no-vocabulary", "no-max-length"})


def start_worker() -> None:
    """An interrupt is for the build to handle: its workers finish or are ended by it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def build(job: Job) -> Outcome:
    """Compile (and, if asked, verify) one program.  A person's mistakes are in the outcome, never raised."""
    from .sources import compiler_digest

    started = time.perf_counter()
    if compiler_digest(job.settings.verify) != job.compiler:
        mistake = Diagnostic(
            "build-worker", "this worker runs another version of raspc", None, "install the same version everywhere"
        )
        return Outcome("failed", 0.0, messages([mistake]))
    try:
        return _built(job, started)
    except RaspError as error:
        return Outcome(
            "skipped" if _only_defines(error) else "failed", time.perf_counter() - started, messages(error.diagnostics)
        )
    except RecursionError:
        deep = Diagnostic("too-deep", "this nests too deeply for raspc", None, "split it into smaller definitions")
        return Outcome("failed", time.perf_counter() - started, messages([deep]))
    except MemoryError:
        full = Diagnostic("out-of-memory", "there is not enough memory for this", None, "use a smaller max_length")
        return Outcome("failed", time.perf_counter() - started, messages([full]))


def _only_defines(error: RaspError) -> bool:
    codes = {one.code for one in error.diagnostics}
    return "no-output" in codes and codes <= LIBRARY


def _built(job: Job, started: float) -> Outcome:
    from ..compiler.artifact import write
    from ..compiler.causality import causal_warnings
    from ..compiler.elaborate import elaborate, parse_vocabulary
    from ..compiler.pipeline import CompileOptions, compile_program

    settings = job.settings
    program = elaborate(
        Source(job.source.name, job.source.text),
        vocabulary=None if settings.vocabulary is None else parse_vocabulary(settings.vocabulary),
        max_length=settings.max_length,
        loaded=(Source(text.name, text.text) for text in job.loaded),
    )
    options = CompileOptions(
        small=settings.small,
        uniform=settings.uniform,
        causal=settings.causal,
        max_parameters=settings.max_parameters,
    )
    model = compile_program(program, options)
    warnings = program.warnings + (causal_warnings(program) if settings.causal else ())
    manifest = model.manifest
    sizes = Sizes(
        layers=len(manifest.layers),
        attention_depth=manifest.attention_depth,
        heads=sum(len(layer.heads) for layer in manifest.layers),
        neurons=sum(group.count for layer in manifest.layers for group in layer.neurons),
        d_model=manifest.d_model,
        parameters=sum(tensor.size for tensor in model.tensors.values()),
    )
    with tempfile.TemporaryDirectory(prefix="raspc-") as folder:
        written = write(model, Path(folder) / f"{PurePosixPath(job.target.name).name}.safetensors")
        weights, text = written.weights.read_bytes(), written.manifest.read_bytes()
        compared, mistakes = _verified(written.weights) if settings.verify else (None, [])
    said = messages([*warnings, *mistakes])
    return Outcome("failed" if mistakes else "ok", time.perf_counter() - started, said, sizes, weights, text, compared)


def _verified(path: Path) -> tuple[int, list[Diagnostic]]:
    """On how many inputs the model was compared with the interpreter, and how it differs."""
    import torch

    from ..runner.model import load
    from ..runner.verification import choice, program_of, verify

    torch.set_num_threads(1)  # the jobs are what runs in parallel
    model = load(path, device="cpu")
    _, _, batches = choice(model.manifest)
    verdicts = verify(model, program_of(model.manifest), batches)
    mistakes = [
        Diagnostic(
            "model-differs",
            f"output `{verdict.output}` differs from the program on {list(found.tokens)!r}, position {found.position}",
            None,
            "this is a bug of raspc: please report it with the program",
        )
        for verdict in verdicts
        if (found := verdict.counterexample) is not None
    ]
    return max((verdict.compared for verdict in verdicts), default=0), mistakes


def messages(diagnostics: Iterable[Diagnostic]) -> tuple[Message, ...]:
    return tuple(Message(one.render(), one.as_json()) for one in diagnostics)
