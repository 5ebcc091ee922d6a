"""A compiled model as a PyTorch module: a plain transformer, and the reading of its logits as values.

The transformer has no layer norm, unscaled attention and ReLU; its parameters are named and shaped as in
TransformerLens, and its layers may differ in shape.  `load` reads one from its files; `Model.run` runs it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..compiler.artifact import model_files as artifact
from ..compiler.artifact.manifest import LayerRecord, OutputRecord
from ..compiler.artifact.model_files import CompiledModel
from ..compiler.graph.values import Scalar
from ..compiler.interpret.parse_tokens import parse_token, parse_tokens, too_long, unknown_token
from ..rasp_grammar.diagnostics import Diagnostic, RaspError
from .decode import decoder
from .fast_forward import Packed
from .generation import continuations
from .precision import full_precision

#: Memory for the activations of one batch, in bytes.  Measured: more makes a CPU slower, whose caches are small;
#: a GPU wants long batches.
CPU_MEMORY = 2**24
GPU_MEMORY = 2**30


class Attention(nn.Module):
    """All heads of one layer."""

    def __init__(self, d_model: int, n_heads: int, d_head: int) -> None:
        super().__init__()
        self.W_Q = nn.Parameter(torch.empty(n_heads, d_model, d_head))
        self.W_K = nn.Parameter(torch.empty(n_heads, d_model, d_head))
        self.W_V = nn.Parameter(torch.empty(n_heads, d_model, d_head))
        self.b_Q = nn.Parameter(torch.empty(n_heads, d_head))
        self.b_K = nn.Parameter(torch.empty(n_heads, d_head))
        self.b_V = nn.Parameter(torch.empty(n_heads, d_head))
        self.W_O = nn.Parameter(torch.empty(n_heads, d_head, d_model))
        self.b_O = nn.Parameter(torch.empty(d_model))

    def forward(self, x: Tensor, visible: Tensor) -> tuple[Tensor, Tensor]:
        """`visible` [batch, 1, query, key] is true where a query may see a key.  Also gives the pattern."""
        q = torch.einsum("bpm,hmd->bhpd", x, self.W_Q) + self.b_Q.unsqueeze(1)  # [batch, head, position, d_head]
        k = torch.einsum("bpm,hmd->bhpd", x, self.W_K) + self.b_K.unsqueeze(1)
        v = torch.einsum("bpm,hmd->bhpd", x, self.W_V) + self.b_V.unsqueeze(1)
        scores = q @ k.transpose(-1, -2)  # [batch, head, query, key], not divided by sqrt(d_head)
        pattern = scores.masked_fill(~visible, -torch.inf).softmax(-1)
        z = pattern @ v  # [batch, head, query, d_head]
        return torch.einsum("bhpd,hdm->bpm", z, self.W_O) + self.b_O, pattern  # [batch, position, d_model]


class MLP(nn.Module):
    """All neurons of one layer."""

    def __init__(self, d_model: int, d_mlp: int) -> None:
        super().__init__()
        self.W_in = nn.Parameter(torch.empty(d_model, d_mlp))
        self.b_in = nn.Parameter(torch.empty(d_mlp))
        self.W_out = nn.Parameter(torch.empty(d_mlp, d_model))
        self.b_out = nn.Parameter(torch.empty(d_model))

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.relu(x @ self.W_in + self.b_in)  # [batch, position, d_mlp]
        return hidden @ self.W_out + self.b_out  # [batch, position, d_model]


class Block(nn.Module):
    """One layer.  A layer without heads has no `attn`, one without neurons no `mlp`."""

    def __init__(self, d_model: int, layer: LayerRecord) -> None:
        super().__init__()
        self.attn = Attention(d_model, layer.n_heads, layer.d_head) if layer.n_heads > 0 else None
        self.mlp = MLP(d_model, layer.d_mlp) if layer.d_mlp > 0 else None


class Embed(nn.Module):
    def __init__(self, d_vocab: int, d_model: int) -> None:
        super().__init__()
        self.W_E = nn.Parameter(torch.empty(d_vocab, d_model))


class PosEmbed(nn.Module):
    def __init__(self, n_ctx: int, d_model: int) -> None:
        super().__init__()
        self.W_pos = nn.Parameter(torch.empty(n_ctx, d_model))


class Unembed(nn.Module):
    def __init__(self, d_model: int, d_vocab_out: int) -> None:
        super().__init__()
        self.W_U = nn.Parameter(torch.empty(d_model, d_vocab_out))
        self.b_U = nn.Parameter(torch.empty(d_vocab_out))


class Model(nn.Module):
    """A transformer compiled from a RASP program.

    `state_dict()` has the names and shapes of the weights file.  Position 0 holds the beginning-of-sequence token
    (BOS), token i of the input stands at position i + 1.
    """

    def __init__(
        self, compiled: CompiledModel, device: str = "auto", dtype: str = "float32", memory: int | None = None
    ) -> None:
        """`device`, `dtype`, `memory` and what can go wrong: see `load`."""
        super().__init__()
        manifest = self.manifest = compiled.manifest
        self.vocabulary = manifest.vocabulary
        self._ids = {token: index for index, token in enumerate(manifest.vocabulary)}
        with torch.device("meta"):  # shapes only; the numbers come below
            self.embed = Embed(manifest.d_vocab, manifest.d_model)
            self.pos_embed = PosEmbed(manifest.n_ctx, manifest.d_model)
            self.blocks = nn.ModuleList(Block(manifest.d_model, layer) for layer in manifest.layers)
            self.unembed = Unembed(manifest.d_model, manifest.d_vocab_out)
        place, kind = _device(device), _dtype(dtype)
        self.memory = (GPU_MEMORY if place.type == "cuda" else CPU_MEMORY) if memory is None else memory
        # `torch.tensor` copies: the file's arrays are read-only.
        tensors = {name: torch.tensor(array, device=place, dtype=kind) for name, array in compiled.tensors.items()}
        self.load_state_dict(tensors, strict=True, assign=True)
        self.eval()

    @classmethod
    def from_compiled(cls, compiled: CompiledModel, *, device: str = "auto", dtype: str = "float32") -> Model:
        """The model that the compiler has just made, without files."""
        return cls(compiled, device, dtype)

    def forward(self, ids: Tensor, lengths: Tensor, record: dict[str, Tensor] | None = None) -> Tensor:
        """Logits [batch, position, d_vocab_out] of token ids [batch, position].

        `lengths` [batch] counts each row's positions, BOS included.  What stands beyond them is never seen by the
        positions within them, and its own logits mean nothing.  `record` receives the activations.
        """
        position = torch.arange(ids.shape[1], device=ids.device)
        visible = (position < lengths.unsqueeze(1))[:, None, None, :]  # [batch, 1, 1, key]
        if self.manifest.causal:
            visible = visible & (position <= position.unsqueeze(1))  # [batch, 1, query, key]
        x = self.embed.W_E[ids] + self.pos_embed.W_pos[: ids.shape[1]]  # [batch, position, d_model]
        _record(record, "blocks.0.hook_resid_pre", x)
        for index, block in enumerate(self.blocks):
            assert isinstance(block, Block)
            if block.attn is not None:
                update, pattern = block.attn(x, visible)
                x = x + update
                _record(record, f"blocks.{index}.attn.hook_pattern", pattern)
            _record(record, f"blocks.{index}.hook_resid_mid", x)
            if block.mlp is not None:
                x = x + block.mlp(x)
            _record(record, f"blocks.{index}.hook_resid_post", x)
        return x @ self.unembed.W_U + self.unembed.b_U

    def activations(self, ids: Tensor, lengths: Tensor) -> dict[str, Tensor]:
        """What passes through the model, by TransformerLens names and in order of computation.

        `blocks.0.hook_resid_pre` and, for each layer l, `blocks.l.hook_resid_mid` (after attention) and
        `blocks.l.hook_resid_post` (after the MLP): the residual stream [batch, position, d_model].
        `blocks.l.attn.hook_pattern` [batch, head, query, key], where the layer has heads.
        """
        record: dict[str, Tensor] = {}
        with torch.inference_mode(), full_precision():
            self(ids, lengths, record)
        return record

    def residuals(self, ids: Tensor, lengths: Tensor) -> dict[str, Tensor]:
        """The residual stream [batch, position, d_model] after each step, as `activations` names it."""
        return {name: value for name, value in self.activations(ids, lengths).items() if "hook_resid" in name}

    def run(self, tokens: Sequence[Scalar], output: str | None = None) -> list[Scalar]:
        """The output's value at each token, as `run_batch` gives it."""
        return self.run_batch([tokens], output)[0]

    def run_batch(self, inputs: Sequence[Sequence[Scalar]], output: str | None = None) -> list[list[Scalar]]:
        """The output's value at each token of each input; inputs may differ in length and may be many.

        `output` names one of several outputs; the first is meant otherwise.  Raises RaspError for tokens outside the
        vocabulary, for inputs longer than `max_length`, and for an output that the model does not have.
        """
        name = self._output(output).name
        return [values[name] for values in self.run_outputs(inputs, (name,))]

    def run_outputs(
        self, inputs: Sequence[Sequence[Scalar]], outputs: Sequence[str] | None = None
    ) -> list[dict[str, list[Scalar]]]:
        """Several outputs at once, by name: for each input, what `run_batch` gives for each of them.

        `outputs` names those that are wanted; None is all of them.  Raises RaspError as `run_batch` does.
        """
        names = self.outputs if outputs is None else tuple(outputs)
        decoders = {name: decoder(self._output(name)) for name in names}
        encoded = [self._encode(tokens) for tokens in inputs]
        results: list[dict[str, list[Scalar]]] = [{name: [] for name in names} for _ in inputs]
        compute = self.pack() if self._is_as_built() else self
        for rows in self.batches([len(ids) for ids in encoded]):
            ids, lengths = self._pad([encoded[row] for row in rows])
            with torch.inference_mode(), full_precision():
                logits = compute(ids, lengths)
            logits = logits[:, 1:]
            if len(encoded[rows[0]]) < len(encoded[rows[-1]]):  # the shortest and the longest
                logits = logits[torch.arange(1, ids.shape[1], device=ids.device) < lengths.unsqueeze(1)]
            # [all tokens of the batch, d_vocab_out], or [batch, position, d_vocab_out] in the same order
            if not all(bool(end.isfinite()) for end in logits.aminmax()):
                raise RaspError(_OVERFLOW)
            for name, decode in decoders.items():
                values, start = decode(logits), 0
                for row in rows:
                    stop = start + len(encoded[row])
                    results[row][name] = values[start:stop]
                    start = stop
        return results

    def generate(self, tokens: Sequence[Scalar], count: int, output: str | None = None) -> list[Scalar]:
        """The tokens that follow `tokens`, as `generate_batch` gives them."""
        return self.generate_batch([tokens], count, output)[0]

    def generate_batch(
        self, inputs: Sequence[Sequence[Scalar]], count: int, output: str | None = None
    ) -> list[list[Scalar]]:
        """Up to `count` tokens that continue each input: the output at the last position is the next token.

        Fewer where input and continuation together have reached `max_length`.  Raises RaspError for a model that is
        not causal (there, a new token changes what stood before it), for an input without tokens, for an output that
        is no token of the vocabulary, and as `run_batch` does.
        """
        return continuations(self, inputs, count, output)

    def pack(self) -> Packed:
        """What `forward` computes, computed faster from the weights as they are now: pack again when they change.

        Call the result under `torch.inference_mode()` and `full_precision()`, as `run_batch` does.
        """
        with torch.no_grad():
            return Packed(self)

    def encode(self, inputs: Sequence[Sequence[Scalar]]) -> tuple[Tensor, Tensor]:
        """Ids [batch, position] and lengths [batch] for `forward`: BOS before each input, padding after it.

        Raises RaspError as `run_batch` does."""
        return self._pad([self._encode(tokens) for tokens in inputs])

    def parse_token(self, word: str) -> Scalar:
        """The token that a word stands for: `3`, `1/2`, `true`, `a`.  Raises RaspError."""
        return parse_token(word, self.vocabulary)

    def parse_tokens(self, words: Sequence[str]) -> list[Scalar]:
        """The tokens that words stand for; one word that is no token stands for its characters.  Raises RaspError."""
        return parse_tokens(words, self.vocabulary)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the outputs."""
        return tuple(output.name for output in self.manifest.outputs)

    @property
    def layers(self) -> list[Block]:
        """The layers in order, as `blocks` holds them."""
        return [block for block in self.blocks if isinstance(block, Block)]

    def _is_as_built(self) -> bool:
        """Whether only weights may have changed: with hooks or other modules in it the model must run as it stands."""
        return all(
            type(module) in _MODULES and len(module._forward_hooks) == 0 and len(module._forward_pre_hooks) == 0
            for module in self.modules()
        )

    def _output(self, name: str | None) -> OutputRecord:
        outputs = {output.name: output for output in self.manifest.outputs}
        if name is None:
            return self.manifest.outputs[0]
        if name in outputs:
            return outputs[name]
        close = difflib.get_close_matches(name, outputs, n=1)
        hint = f"did you mean `{close[0]}`?" if len(close) > 0 else f"the model's outputs are: {', '.join(outputs)}"
        raise RaspError(Diagnostic("unknown-entry", f"the model has no output `{name}`", None, hint))

    def _encode(self, tokens: Sequence[Scalar]) -> list[int]:
        if len(tokens) > self.manifest.max_length:
            raise RaspError(too_long(len(tokens), self.manifest.max_length))
        try:
            return [self._ids[token] for token in tokens]
        except (KeyError, TypeError):  # TypeError: a JSON list or object, which no dict has as a key
            wrong = [(position, token) for position, token in enumerate(tokens) if token not in self.vocabulary]
            raise RaspError([unknown_token(token, position, self.vocabulary) for position, token in wrong]) from None

    def _pad(self, encoded: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        n_positions = 1 + max(map(len, encoded), default=0)
        ids = np.zeros((len(encoded), n_positions), np.int64)
        ids[:, 0] = self.manifest.bos
        for row, row_ids in zip(ids, encoded, strict=True):
            row[1 : 1 + len(row_ids)] = row_ids
        lengths = torch.tensor([1 + len(row_ids) for row_ids in encoded], dtype=torch.int64)
        device = self.embed.W_E.device
        return torch.from_numpy(ids).to(device), lengths.to(device)

    def batches(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """Rows in batches that fit the memory; rows of like length together, so that little is padding."""
        rows = sorted((row for row, length in enumerate(lengths) if length > 0), key=lambda row: lengths[row])
        while len(rows) > 0:
            count = max(1, self.memory // self._bytes(1 + lengths[rows[-1]]))
            yield rows[-count:]
            del rows[-count:]

    def _bytes(self, n_positions: int) -> int:
        """About the memory that one row of this many positions takes at its widest layer."""
        manifest = self.manifest
        layers = manifest.layers
        pattern = max((layer.n_heads for layer in layers), default=0) * n_positions  # scores, masked, pattern
        heads = max((layer.n_heads * layer.d_head for layer in layers), default=0)  # query, key, value, z
        mlp = max((layer.d_mlp for layer in layers), default=0)
        numbers = 3 * manifest.d_model + 3 * pattern + 4 * heads + 2 * mlp + manifest.d_vocab_out
        return numbers * n_positions * self.embed.W_E.element_size()


def load(
    path: str | PathLike[str], device: str = "auto", dtype: str = "float32", *, memory: int | None = None
) -> Model:
    """The model in a pair of files, either of which `path` names.

    `device` is `cpu`, `cuda`, `cuda:N`, or `auto`: a GPU where there is one.  `dtype` is `float32`, for which models
    are compiled, or `float64`.  `memory` is about how many bytes the activations of one batch may take.  Raises
    RaspError for files that are missing, damaged or not a model's, and for a device or type that cannot be had.
    """
    return Model(artifact.read(Path(path)), device, dtype, memory)


#: What `Packed` knows how to compute.
_MODULES = (Model, Embed, PosEmbed, Unembed, Block, Attention, MLP, nn.ModuleList)

_OVERFLOW = Diagnostic("M062", "the model's numbers became too large for its type", None, "run it with dtype float64")


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind, _, number = name.partition(":")
    if name == "cpu":
        return torch.device("cpu")
    if kind != "cuda" or not ((number.isdecimal() and number.isascii()) or name == "cuda"):
        raise RaspError(Diagnostic("M061", f"there is no device `{name}`", None, "choose auto, cpu, cuda or cuda:N"))
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if int(number or "0") >= count:
        found = "no CUDA device" if count == 0 else f"CUDA devices up to cuda:{count - 1}"
        raise RaspError(Diagnostic("M061", f"cannot use `{name}`: PyTorch finds {found} here", None, "choose cpu"))
    return torch.device(name)


def _dtype(name: str) -> torch.dtype:
    if name == "float32":
        return torch.float32
    if name == "float64":
        return torch.float64
    raise RaspError(Diagnostic("M060", f"a model cannot run in `{name}`", None, "choose float32 or float64"))


def _record(record: dict[str, Tensor] | None, name: str, value: Tensor) -> None:
    if record is not None:
        record[name] = value
