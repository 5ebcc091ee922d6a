"""Builds an ONNX model from a compiled model.

The model has one input, `tokens` [batch, length]: ids of the vocabulary.  Shorter inputs of a batch are padded at the
end with the id `pad`.  It has two outputs for each output NAME of the program, aligned with the tokens:

- `NAME.logits` [batch, length, column], and
- `NAME.answer` [batch, length]: an index into the list `values` of the output's metadata.  If that list would be too
  long, the number itself: int64, or float64 if it can be a fraction.

The graph puts BOS before the tokens.  Its constants have the names and shapes of the weights file, its activations the
names of TransformerLens.  The metadata entry `raspc` is a JSON text, see `metadata`.

`torch.onnx.export` of `runner/network.py` is not used.  It takes 9 seconds for a small model, instead of less than
0.01; its files are 1.5 to 3 times as large; activations lose their names; and the answers to inputs of length 0 have a
wrong shape.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...compiler.artifact.manifest import Manifest, NumberDecodeRecord, OutputRecord
from ...compiler.artifact.model_files import CompiledModel
from ...compiler.artifact.replaceable import ONNX_MODEL, NewFile, write_files
from ...rasp_grammar.diagnostics import Diagnostic, RaspError
from ..directory import writing
from ..extras import missing_extra
from ..sources import AnyModel, compiled_of
from ..tables import decode_kind, halfway_points, output_table, vocabulary_table

if TYPE_CHECKING:
    import onnx

#: Versions that onnxruntime supports since 2022.
OPSET = 17
IR_VERSION = 8

#: Largest size of an ONNX file: protobuf's limit.
MAX_BYTES = 2**31 - 1

#: Larger integers are returned as float64, since they may overflow int64.
LARGE = 2**62


class OnnxGraph:
    """Collects the operations of an ONNX graph and the constant tensors that they take; each tensor has a name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def tensor(self, name: str, array: NDArray[np.generic]) -> str:
        """A constant tensor."""
        from onnx import numpy_helper

        self.constants[name] = numpy_helper.from_array(np.asarray(array, order="C"), name)
        return name

    def integers(self, *numbers: int) -> str:
        """A one-dimensional tensor of int64, such as axes."""
        name = "int64." + ".".join(map(str, numbers))
        return name if name in self.constants else self.tensor(name, np.array(numbers, np.int64))

    def add(self, operator: str, inputs: Sequence[str], name: str, **attributes: int | list[int]) -> str:
        """Add an operation with one result; both get the name `name`."""
        from onnx import helper

        node = helper.make_node(operator, list(inputs), [name], name=name)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self.nodes.append(node)
        return name

    def unsqueeze(self, value: str, axis: int) -> str:
        """The tensor with an axis of size 1 inserted at `axis`."""
        return self.add("Unsqueeze", [value, self.integers(axis)], f"{value}.axis{axis}")


def to_onnx(model: AnyModel) -> onnx.ModelProto:
    """The model as an ONNX model that `onnx.checker` has accepted.

    Raises RaspError if onnx is not installed, or if the model is larger than ONNX allows.
    """
    try:
        import onnx
        from onnx import helper
    except ImportError:
        raise missing_extra("an export to ONNX", "onnx", "onnx") from None
    compiled = compiled_of(model)
    manifest = compiled.manifest
    size = sum(tensor.nbytes for tensor in compiled.tensors.values())
    if size > MAX_BYTES - 2**24:
        message = f"the weights take {size:,} bytes, and an ONNX file holds 2 GB"
        raise RaspError(Diagnostic("export-too-large", message, None, "compile it for shorter inputs, or with -Os"))
    graph = OnnxGraph()
    results = _transformer(graph, compiled)
    tokens = helper.make_tensor_value_info("tokens", onnx.TensorProto.INT64, ["batch", "length"])
    infos = []
    for output in manifest.outputs:
        infos += [
            helper.make_tensor_value_info(f"{output.name}.answer", _answer_type(output), ["batch", "length"]),
            helper.make_tensor_value_info(
                f"{output.name}.logits", onnx.TensorProto.FLOAT, ["batch", "length", output.count]
            ),
        ]
        _read(graph, output, results)
    program = manifest.program.name.encode(errors="backslashreplace").decode()  # a file's name can be any bytes
    made = helper.make_model(
        helper.make_graph(graph.nodes, program, [tokens], infos, list(graph.constants.values())),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="raspc",
        producer_version=manifest.compiler.version,
        doc_string=f"{program}, compiled by raspc from a RASP program",
    )
    helper.set_model_props(made, {"raspc": json.dumps(metadata(manifest), sort_keys=True)})
    onnx.checker.check_model(made, full_check=True)
    return made


def export_onnx(model: AnyModel, path: str | Path, *, force: bool = False) -> Path:
    """Write `to_onnx(model)` to a file, whole or not at all.  Raises RaspError as the two functions that it calls.

    force: replace a file that raspc did not write.
    """
    return write_onnx(to_onnx(model), Path(path), force=force)


def write_onnx(made: onnx.ModelProto, path: Path, *, inputs: Iterable[Path] = (), force: bool = False) -> Path:
    """Write an ONNX model, whole or not at all; the same model gives the same bytes.

    Raises RaspError where it cannot be written, or another file is in its place (see `replaceable`).
    """
    with writing(path):
        content = (made.SerializeToString(deterministic=True),)
        write_files({path: NewFile(ONNX_MODEL, content)}, inputs=inputs, force=force)
    return path


def metadata(manifest: Manifest) -> dict[str, object]:
    """The ONNX model's metadata, as JSON values.

    vocabulary: the tokens in the order of their ids.  pad: the id that pads a batch.  max_length, causal.
    outputs: a `tables.output_table` for each output, in order.  `NAME.logits` has the columns `first`, `first + 1`,
    ... of the model's logits.  directions: a label for each coordinate of the residual stream.
    program: the source text of each file by name.
    """
    return {
        "vocabulary": vocabulary_table(manifest),
        "pad": manifest.bos,
        "max_length": manifest.max_length,
        "causal": manifest.causal,
        "outputs": [output_table(output) for output in manifest.outputs],
        "directions": [direction.label for direction in manifest.directions],
        "program": {file.name: file.text for file in manifest.program.files},
    }


def _transformer(graph: OnnxGraph, compiled: CompiledModel) -> str:
    """The logits [batch, position, d_vocab_out], BOS included."""
    manifest = compiled.manifest
    for name, tensor in compiled.tensors.items():
        graph.tensor(name, tensor)
    graph.tensor("pad", np.array(manifest.bos, np.int64))
    at_front = graph.integers(0, 1, 0, 0)
    ids = graph.add("Pad", ["tokens", at_front, "pad"], "ids")  # [batch, position]: BOS, then the tokens
    given = graph.add("Not", [graph.add("Equal", ["tokens", "pad"], "is_pad")], "is_token")
    graph.tensor("true", np.array(True))
    visible = graph.add("Pad", [given, at_front, "true"], "is_input")  # [batch, key]
    visible = graph.add("Unsqueeze", [visible, graph.integers(1, 2)], "visible.key")  # [batch, 1, 1, key]
    count = graph.add("Gather", [graph.add("Shape", [ids], "ids.shape"), _scalar(graph, 1)], "n_positions")
    position = graph.add("Range", [_scalar(graph, 0), count, _scalar(graph, 1)], "position")
    if manifest.causal:
        query = graph.unsqueeze(position, 1)
        earlier = graph.add("LessOrEqual", [position, query], "is_earlier")  # [query, key]
        visible = graph.add("And", [visible, earlier], "visible")
    tokens = graph.add("Gather", ["embed.W_E", ids], "hook_embed")
    x = graph.add("Add", [tokens, graph.add("Gather", ["pos_embed.W_pos", position], "hook_pos_embed")], "hook_resid")
    for index, layer in enumerate(manifest.layers):
        block = f"blocks.{index}"
        if layer.n_heads > 0:
            x = graph.add("Add", [x, _attention(graph, f"{block}.attn", x, visible)], f"{block}.hook_resid_mid")
        if layer.d_mlp > 0:
            x = graph.add("Add", [x, _mlp(graph, f"{block}.mlp", x)], f"{block}.hook_resid_post")
    product = graph.add("MatMul", [x, "unembed.W_U"], "unembed.product")
    return graph.add("Add", [product, "unembed.b_U"], "logits")


def _scalar(graph: OnnxGraph, number: int) -> str:
    return graph.tensor(f"int64.{number}.scalar", np.array(number, np.int64))


def _attention(graph: OnnxGraph, name: str, x: str, visible: str) -> str:
    """Add the heads of a layer; their sum is [batch, position, d_model]."""
    hidden = graph.tensor("minus_infinity", np.array(-np.inf, np.float32))
    nothing = graph.tensor("zero", np.array(0, np.float32))
    each = graph.unsqueeze(x, 1)  # [batch, 1, position, d_model], for all heads
    q, k, v = (
        graph.add(
            "Add",
            [
                graph.add("MatMul", [each, f"{name}.W_{role.upper()}"], f"{name}.{role}.product"),
                graph.unsqueeze(f"{name}.b_{role.upper()}", 1),
            ],
            f"{name}.hook_{role}",  # [batch, head, position, d_head]
        )
        for role in "qkv"
    )
    turned = graph.add("Transpose", [k], f"{name}.k.transposed", perm=[0, 1, 3, 2])
    scores = graph.add("MatMul", [q, turned], f"{name}.scores")  # not divided by sqrt(d_head)
    masked = graph.add("Where", [visible, scores, hidden], f"{name}.hook_attn_scores")
    weights = graph.add("Softmax", [masked], f"{name}.weights", axis=-1)
    # Some runtimes leave 1e-38 where the score is minus infinity, and heads that count multiply by e^32.
    pattern = graph.add("Where", [visible, weights, nothing], f"{name}.hook_pattern")
    z = graph.add("MatMul", [pattern, v], f"{name}.hook_z")
    written = graph.add("MatMul", [z, f"{name}.W_O"], f"{name}.hook_result")  # [batch, head, position, d_model]
    summed = graph.add("ReduceSum", [written, graph.integers(1)], f"{name}.sum", keepdims=0)
    return graph.add("Add", [summed, f"{name}.b_O"], f"{name}.out")


def _mlp(graph: OnnxGraph, name: str, x: str) -> str:
    """Add the neurons of a layer; their sum is [batch, position, d_model]."""
    product = graph.add("MatMul", [x, f"{name}.W_in"], f"{name}.product")
    hidden = graph.add("Relu", [graph.add("Add", [product, f"{name}.b_in"], f"{name}.hook_pre")], f"{name}.hook_post")
    return graph.add(
        "Add", [graph.add("MatMul", [hidden, f"{name}.W_out"], f"{name}.sum"), f"{name}.b_out"], f"{name}.out"
    )


def _answer_type(output: OutputRecord) -> int:
    from onnx import TensorProto

    return int(
        TensorProto.DOUBLE if decode_kind(output) == "number" and not _whole(output.decode) else TensorProto.INT64
    )


def _whole(decode: object) -> bool:
    """True if the output's numbers are integers that fit into int64."""
    assert isinstance(decode, NumberDecodeRecord)
    numbers = (decode.lowest, decode.highest)
    return decode.max_denominator == 1 and all(isinstance(number, int) and abs(number) < LARGE for number in numbers)


def _read(graph: OnnxGraph, output: OutputRecord, logits: str) -> None:
    """Add the output's two results."""
    name, answer, first = output.name, f"{output.name}.answer", output.first
    after_bos = graph.integers(1, first), graph.integers(LARGE, first + output.count), graph.integers(1, 2)
    columns = graph.add("Slice", [logits, *after_bos], f"{name}.logits")
    if decode_kind(output) == "class":
        graph.add("ArgMax", [columns], answer, axis=2, keepdims=0)
        return
    decode = output.decode
    assert isinstance(decode, NumberDecodeRecord)
    exact = graph.add("Cast", [columns], f"{name}.float64", to=_double())  # [batch, length, 1]
    if decode_kind(output) == "nearest":
        halfway = graph.tensor(f"{name}.halfway", np.array(halfway_points(output), np.float64))
        above = graph.add(
            "Cast", [graph.add("Less", [halfway, exact], f"{name}.is_above")], f"{name}.above", to=_int64()
        )
        graph.add("ReduceSum", [above, graph.integers(2)], answer, keepdims=0)
        return
    number = graph.add("Squeeze", [exact, graph.integers(2)], f"{name}.number")
    if _whole(decode):
        graph.add("Cast", [graph.add("Round", [number], f"{name}.rounded")], answer, to=_int64())
    elif decode.max_denominator is None:
        graph.add("Identity", [number], answer)
    else:
        _nearest_fraction(graph, name, exact, decode.max_denominator)


def _nearest_fraction(graph: OnnxGraph, name: str, number: str, limit: int) -> None:
    """Add the answer: the fraction nearest to `number` [batch, length, 1].  Tries all denominators up to `limit`."""
    denominators = graph.tensor(f"{name}.denominators", np.arange(1, limit + 1, dtype=np.float64))
    tops = graph.add("Round", [graph.add("Mul", [number, denominators], f"{name}.times")], f"{name}.numerators")
    fractions = graph.add("Div", [tops, denominators], f"{name}.fractions")  # [batch, length, denominator]
    distance = graph.add("Abs", [graph.add("Sub", [fractions, number], f"{name}.difference")], f"{name}.distance")
    best = graph.add("ArgMin", [distance], f"{name}.best", axis=2)  # the first, so in lowest terms
    chosen = graph.add("GatherElements", [fractions, best], f"{name}.chosen", axis=2)
    graph.add("Squeeze", [chosen, graph.integers(2)], f"{name}.answer")


def _double() -> int:
    from onnx import TensorProto

    return int(TensorProto.DOUBLE)


def _int64() -> int:
    from onnx import TensorProto

    return int(TensorProto.INT64)
