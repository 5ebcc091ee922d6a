"""A transformer from its tensors alone: sizes follow from names and shapes, no manifest is needed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from ..compiler.artifact.weights_file import read
from ..rasp_grammar.diagnostics import Diagnostic, RaspError
from .network import LayerSizes, NetworkSizes, Transformer

#: Tensors by name; `transformer_from_tensors` checks their types.
NamedArrays: TypeAlias = Mapping[str, NDArray[Any]]

#: Largest number of layers.  An empty layer has no tensors, so a damaged name could claim any number of layers.
MAX_LAYERS = 4096

_LAYER_TENSOR = re.compile(r"blocks\.(\d{1,9})\.(attn|mlp)\.\w+")


def read_network(path: Path, *, causal: bool) -> Transformer:
    """The transformer of a safetensors file, without a manifest.

    Raises RaspError if the file cannot be read (M001), is not a safetensors file (M020), or as
    `transformer_from_tensors` does.
    """
    return transformer_from_tensors(read(path).tensors, causal=causal)


def transformer_from_tensors(tensors: NamedArrays, *, causal: bool) -> Transformer:
    """The transformer of float32 or float64 tensors, which are named and shaped as in TransformerLens.

    Weights do not tell whether a query may see later keys: `causal` says that it may not.  Raises RaspError (M070) if
    the tensors are not those of one transformer: one is missing, unknown, of another shape, or not of finite numbers.
    """
    sizes = sizes_of_tensors(tensors, causal=causal)
    with torch.device("meta"):  # shapes only
        transformer = Transformer(sizes)
    _require_shapes(tensors, {name: tuple(value.shape) for name, value in transformer.state_dict().items()})
    for name, array in tensors.items():
        if array.dtype not in (np.float32, np.float64):
            raise _error(f"`{name}` holds {array.dtype}, not float32 or float64")
        if not np.isfinite(array).all():
            raise _error(f"`{name}` holds a number that is not finite")
    # `torch.tensor` copies: arrays of a file are read-only.
    transformer.load_state_dict({name: torch.tensor(array) for name, array in tensors.items()}, assign=True)
    return transformer.eval()


def sizes_of_tensors(tensors: NamedArrays, *, causal: bool) -> NetworkSizes:
    """The sizes of the transformer to which tensors belong, from the first tensor that shows each size.

    The other tensors are not checked.  Raises RaspError (M070) if a size cannot be found.
    """
    d_vocab, d_model = _shape(tensors, "embed.W_E", "d_vocab, d_model")
    n_ctx, _ = _shape(tensors, "pos_embed.W_pos", "n_ctx, d_model")
    _, d_vocab_out = _shape(tensors, "unembed.W_U", "d_model, d_vocab_out")
    parts = {(int(found[1]), found[2]) for name in tensors if (found := _LAYER_TENSOR.fullmatch(name)) is not None}
    n_layers = max((index + 1 for index, _ in parts), default=0)
    if n_layers > MAX_LAYERS:
        raise _error(f"a tensor of layer {n_layers - 1} is among them, and {MAX_LAYERS} layers are the most")
    layers = []
    for index in range(n_layers):
        n_heads = d_head = d_mlp = 0
        if (index, "attn") in parts:
            n_heads, _, d_head = _shape(tensors, f"blocks.{index}.attn.W_Q", "n_heads, d_model, d_head")
        if (index, "mlp") in parts:
            _, d_mlp = _shape(tensors, f"blocks.{index}.mlp.W_in", "d_model, d_mlp")
        layers.append(LayerSizes(n_heads, d_head, d_mlp))
    return NetworkSizes(d_vocab, n_ctx, d_model, d_vocab_out, tuple(layers), causal)


def _shape(tensors: NamedArrays, name: str, dimensions: str) -> tuple[int, ...]:
    """The shape of a tensor; `dimensions` names its dimensions."""
    if name not in tensors:
        raise _error(f"there is no `{name}`")
    shape = tensors[name].shape
    if len(shape) != dimensions.count(",") + 1:
        raise _error(f"`{name}` has the shape {list(shape)}, not [{dimensions}]")
    return shape


def _require_shapes(tensors: NamedArrays, expected: Mapping[str, tuple[int, ...]]) -> None:
    for name in expected:
        if name not in tensors:
            raise _error(f"there is no `{name}`")
    for name, array in tensors.items():
        if name not in expected:
            raise _error(f"{name[:80]!a} is no tensor of such a transformer")
        if array.shape != expected[name]:
            raise _error(f"`{name}` has the shape {list(array.shape)}, not {list(expected[name])}")


def _error(found: str) -> RaspError:
    return RaspError(
        Diagnostic(
            "M070",
            f"these tensors are not a transformer's weights: {found}",
            None,
            "docs/format.md lists the names and shapes of the tensors",
        )
    )
