"""A compiled model as a `TransformerBridge`, TransformerLens 4's model, with all of its hooks.

TransformerLens needs layers of one shape, so smaller ones are padded with zeros.  A head of zeros attends uniformly
and writes 0; a neuron of zeros writes 0.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..compiler.artifact.manifest import Manifest
from .extras import missing_extra
from .tokenizer import tokenizer_files

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge
    from transformers import PreTrainedTokenizerFast

    from ..runner.model import Model

#: TransformerLens divides attention scores by this.  It refuses 1 as a probable mistake.  This number is 1 in float32;
#: in float64 it changes a score by less than float32 rounding does.
UNSCALED = 1 + 2**-28


def to_transformer_lens(model: Model) -> TransformerBridge:
    """The model as a TransformerBridge with the same logits and the same residual stream; ids start with BOS.

    It has the current weights, type and device of `model`, and a tokenizer for texts.  `bridge.raspc_labels` names the
    coordinates of the residual stream in order.  `bridge.raspc_manifest` is the manifest, which describes every head
    and neuron.  Raises RaspError if TransformerLens 4 is not installed.
    """
    try:
        from transformer_lens.model_bridge.sources import boot_native
        from transformer_lens.utilities.tl_checkpoint_conversion import convert_tl_checkpoint
    except ImportError:
        raise missing_extra("`to_transformer_lens`", "TransformerLens 4", "lens") from None
    settings = bridge_settings(model.manifest)
    like = model.embed.W_E
    with torch.random.fork_rng(devices=[]):  # boot_native draws random weights first
        bridge = boot_native(
            settings | {"device": str(like.device)},
            device=like.device,
            dtype=like.dtype,
            model_name=model.manifest.program.name,
        )
    bridge.load_state_dict(convert_tl_checkpoint(padded_tensors(model), bridge.cfg), strict=True)
    bridge.eval()
    # Not given to `boot_native`, which would have to load it from files.
    bridge.tokenizer = _tokenizer(model.manifest)
    bridge.raspc_labels = tuple(direction.label for direction in model.manifest.directions)
    bridge.raspc_manifest = model.manifest
    return bridge


def _tokenizer(manifest: Manifest) -> PreTrainedTokenizerFast:
    from transformers import PreTrainedTokenizerFast

    files = tokenizer_files(manifest)
    settings = files["tokenizer_config.json"]
    assert isinstance(settings, dict)
    options = {name: value for name, value in settings.items() if name != "tokenizer_class"}
    make: Any = PreTrainedTokenizerFast  # its __init__ has no types
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tokenizer.json")
        path.write_text(json.dumps(files[path.name]), encoding="utf-8")
        made: PreTrainedTokenizerFast = make(tokenizer_file=str(path), **options)
    return made


def bridge_settings(manifest: Manifest) -> dict[str, object]:
    """The fields of a `TransformerBridgeConfig` for this model."""
    return {
        **_sizes(manifest),
        "architecture": "TransformerLensNative",
        "attn_scale": UNSCALED,
        "init_weights": False,
        "default_prepend_bos": True,
        "tokenizer_prepends_bos": True,
    }


def hooked_settings(manifest: Manifest) -> dict[str, object]:
    """The fields of a `HookedTransformerConfig`, of TransformerLens 2 and 3, for this model."""
    return {**_sizes(manifest), "use_attn_scale": False}


def _sizes(manifest: Manifest) -> dict[str, object]:
    layers = manifest.layers
    return {
        "n_layers": len(layers),
        "d_model": manifest.d_model,
        "n_ctx": manifest.n_ctx,
        "d_vocab": manifest.d_vocab,
        "d_vocab_out": manifest.d_vocab_out,
        # TransformerLens replaces a size of 0 by a guess.
        "n_heads": max([1, *(layer.n_heads for layer in layers)]),
        "d_head": max([1, *(layer.d_head for layer in layers)]),
        "d_mlp": max([1, *(layer.d_mlp for layer in layers)]),
        "act_fn": "relu",
        "normalization_type": None,
        "attention_dir": "causal" if manifest.causal else "bidirectional",
        "positional_embedding_type": "standard",
    }


def padded_tensors(model: Model) -> dict[str, Tensor]:
    """The model's tensors by their TransformerLens names, every layer padded with zeros to the shape of the largest."""
    sizes = _sizes(model.manifest)
    heads, d_model, d_head, d_mlp = (_size(sizes[name]) for name in ("n_heads", "d_model", "d_head", "d_mlp"))
    shapes = {
        **{f"attn.W_{role}": (heads, d_model, d_head) for role in "QKV"},
        **{f"attn.b_{role}": (heads, d_head) for role in "QKV"},
        "attn.W_O": (heads, d_head, d_model),
        "attn.b_O": (d_model,),
        "mlp.W_in": (d_model, d_mlp),
        "mlp.b_in": (d_mlp,),
        "mlp.W_out": (d_mlp, d_model),
        "mlp.b_out": (d_model,),
    }
    tensors = {name: tensor.detach() for name, tensor in model.state_dict().items()}
    like = model.embed.W_E
    for layer in range(len(model.manifest.layers)):
        for role, shape in shapes.items():
            name = f"blocks.{layer}.{role}"
            padded = torch.zeros(shape, dtype=like.dtype, device=like.device)
            if name in tensors:
                padded[tuple(map(slice, tensors[name].shape))] = tensors[name]
            tensors[name] = padded
    return tensors


def _size(value: object) -> int:
    assert isinstance(value, int)
    return value
