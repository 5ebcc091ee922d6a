"""`raspc export`: writes a compiled model for other libraries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import force_option, json_option, model_argument
from .progress import long_work
from .report_errors import Report

if TYPE_CHECKING:
    from ..compiler.artifact.model_files import CompiledModel

#: Names that people try for TransformerLens, and the answer.
_LENS = {"tl", "lens", "transformerlens", "transformer_lens", "transformer-lens"}
_USE_PYTHON = "TransformerLens has no file format; in Python: raspc.interop.to_transformer_lens(raspc.load(MODEL))"


class _Target(click.Choice[str]):
    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value.lower() in _LENS:
            self.fail(_USE_PYTHON, param, ctx)
        return super().convert(value, param, ctx)


@click.command(short_help="Write a model for ONNX or Hugging Face.")
@model_argument
@click.argument("destination", metavar="[PATH]", type=Path, required=False)
@click.option("--to", "target", type=_Target(["onnx", "hf"]), required=True, help="What to write.")
@click.option("-o", "--output", type=Path, metavar="PATH", help="The same as PATH.")
@force_option
@json_option
@click.pass_obj
def command(
    report: Report, path: Path, destination: Path | None, target: str, output: Path | None, force: bool
) -> None:
    """Write MODEL for other libraries; the result needs no raspc.

    \b
    --to onnx  a file for ONNX runtimes: token ids to logits and answers.
               It is tried with onnxruntime, if that is installed.
               [default PATH: MODEL's name with .onnx, here]
    --to hf    a folder for Hugging Face transformers, with a tokenizer.
               [default PATH: MODEL's name with -hf, here]

    For TransformerLens see raspc.interop.to_transformer_lens.

    \b
    raspc export sort.safetensors --to onnx
    raspc export sort.safetensors --to onnx -o models/sort.onnx
    raspc export sort.safetensors --to hf models/sort
    """
    if destination is not None and output is not None:
        raise click.UsageError("give PATH or -o, not both")
    from ..compiler.artifact.model_files import WEIGHTS_SUFFIX, pair_paths, read

    chosen = destination if destination is not None else output
    pair = pair_paths(path)
    inputs = (pair.weights, pair.manifest)
    name = pair.weights.name.removesuffix(WEIGHTS_SUFFIX)
    compiled = read(path)
    if target == "onnx":
        _onnx(report, compiled, chosen if chosen is not None else Path(f"{name}.onnx"), inputs, force)
    else:
        _hugging_face(report, compiled, chosen if chosen is not None else Path(f"{name}-hf"), inputs, force)


def _onnx(report: Report, compiled: CompiledModel, path: Path, inputs: Sequence[Path], force: bool) -> None:
    from ..compiler.artifact.replaceable import ONNX_MODEL, require_replaceable
    from ..interop.onnx.build import to_onnx, write_onnx

    require_replaceable({path: ONNX_MODEL}, inputs=inputs, force=force)  # before the work, not after it
    with long_work(f"making and checking {path}", quiet=report.as_json):
        made = to_onnx(compiled)
        from ..interop.onnx.check import check_onnx

        compared = check_onnx(made, compiled.manifest)
    write_onnx(made, path, inputs=inputs, force=force)
    report.wrote_files = True
    size = path.stat().st_size
    if report.as_json:
        results = [result.name for result in made.graph.output]
        summary = {"path": str(path), "bytes": size, "inputs": ["tokens"], "outputs": results, "checked": compared}
        print(json.dumps(summary))
    else:
        checked = "not tried, onnxruntime is not installed" if compared is None else f"right on {compared} inputs"
        print(f"{path}: {len(made.graph.node)} operations, {size:,} bytes, {checked}")


def _hugging_face(report: Report, compiled: CompiledModel, path: Path, inputs: Sequence[Path], force: bool) -> None:
    from ..interop.hugging_face.export import FILES, export_hugging_face

    with long_work(f"writing {path}", quiet=report.as_json):
        export_hugging_face(compiled, path, inputs=inputs, force=force)
    report.wrote_files = True
    files = sorted(path / name for name in FILES)
    size = sum(file.stat().st_size for file in files)
    if report.as_json:
        print(json.dumps({"path": str(path), "bytes": size, "files": [file.name for file in files]}))
    else:
        print(f"{path}: {len(files)} files, {size:,} bytes")
