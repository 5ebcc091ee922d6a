"""A compiled model: the transformer of its weights, with its vocabulary and the reading of its logits as values.

`load` reads one from its files, `Model.run` runs it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..compiler.artifact.manifest import Manifest, OutputRecord
from ..compiler.artifact.model_files import CompiledModel, read
from ..compiler.graph.values import Scalar
from ..compiler.interpret.parse_tokens import parse_token, parse_tokens, too_long, unknown_token
from ..rasp_grammar.diagnostics import Diagnostic, RaspError, did_you_mean
from .decode import decoder
from .fast_forward import FastForward
from .generation import no_token, require_causal, require_tokens
from .network import MLP, Attention, Block, Embed, LayerSizes, NetworkSizes, PosEmbed, Transformer, Unembed
from .precision import full_precision

#: Bytes for the activations of one batch.  Measured: more makes a CPU slower, whose caches are small; a GPU is fastest
#: with large batches.
CPU_MEMORY = 2**24
GPU_MEMORY = 2**30


class Model(Transformer):
    """A transformer compiled from a RASP program.

    `state_dict()` has the names and shapes of the weights file.  Position 0 holds the beginning-of-sequence token
    (BOS), token i of the input stands at position i + 1.
    """

    def __init__(
        self, compiled: CompiledModel, device: str = "auto", dtype: str = "float32", memory: int | None = None
    ) -> None:
        """`device`, `dtype`, `memory` and the errors: see `load`."""
        manifest = compiled.manifest
        with torch.device("meta"):  # shapes only; the numbers come below
            super().__init__(network_sizes(manifest))
        self.manifest = manifest
        self.vocabulary = manifest.vocabulary
        self._ids = {token: index for index, token in enumerate(manifest.vocabulary)}
        place, kind = _device(device), _dtype(dtype)
        self.memory = (GPU_MEMORY if place.type == "cuda" else CPU_MEMORY) if memory is None else memory
        # `torch.tensor` copies: the file's arrays are read-only.
        tensors = {name: torch.tensor(array, device=place, dtype=kind) for name, array in compiled.tensors.items()}
        self.load_state_dict(tensors, strict=True, assign=True)
        self.eval()

    @classmethod
    def from_compiled(cls, compiled: CompiledModel, *, device: str = "auto", dtype: str = "float32") -> Model:
        """A model that was just compiled, without files."""
        return cls(compiled, device, dtype)

    def activations(self, ids: Tensor, lengths: Tensor) -> dict[str, Tensor]:
        """The activations by TransformerLens names, in order of computation.

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

        `outputs` names the outputs to compute; None computes all of them.  Raises RaspError as `run_batch` does.
        """
        names = self.outputs if outputs is None else tuple(outputs)
        decoders = {name: decoder(self._output(name)) for name in names}
        encoded = [self._encode(tokens) for tokens in inputs]
        results: list[dict[str, list[Scalar]]] = [{name: [] for name in names} for _ in inputs]
        compute = self.fast_forward() if self._is_as_built() else self
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
        require_causal(self.manifest)
        require_tokens(inputs)
        self.encode(inputs)  # an input that has no room to be continued is checked too
        known = {token: token for token in self.vocabulary}
        sequences = [list(tokens) for tokens in inputs]
        for _ in range(count):
            growing = [tokens for tokens in sequences if len(tokens) < self.manifest.max_length]
            for tokens, values in zip(growing, self.run_batch(growing, output), strict=True):
                value = values[-1]
                if value not in known:
                    raise RaspError(no_token(value, tokens))
                tokens.append(known[value])  # `true` where the vocabulary has 1
        return [tokens[len(given) :] for given, tokens in zip(inputs, sequences, strict=True)]

    def fast_forward(self) -> FastForward:
        """Computes `forward` faster, from the weights as they are now: make another one when they change.

        Call the result under `torch.inference_mode()` and `full_precision()`, as `run_batch` does.
        """
        with torch.no_grad():
            return FastForward(self)

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

    def _is_as_built(self) -> bool:
        """True if at most the weights have changed.  Hooks and replaced modules need the plain forward."""
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
        hint = did_you_mean(name, outputs, f"the model's outputs are: {', '.join(outputs)}")
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
            count = self.batch_size(lengths[rows[-1]])
            yield rows[-count:]
            del rows[-count:]

    def batch_size(self, length: int) -> int:
        """The number of inputs of this length, BOS not counted, whose activations fit the memory."""
        return max(1, self.memory // self._bytes(1 + length))

    def _bytes(self, n_positions: int) -> int:
        """About the memory that one row of this many positions takes at its widest layer."""
        manifest = self.manifest
        layers = manifest.layers
        pattern = max((layer.n_heads for layer in layers), default=0) * n_positions  # scores, masked, pattern
        heads = max((layer.n_heads * layer.d_head for layer in layers), default=0)  # query, key, value, z
        mlp = max((layer.d_mlp for layer in layers), default=0)
        numbers = 3 * manifest.d_model + 3 * pattern + 4 * heads + 2 * mlp + manifest.d_vocab_out
        return numbers * n_positions * self.embed.W_E.element_size()


def network_sizes(manifest: Manifest) -> NetworkSizes:
    """The sizes of the transformer that a manifest describes."""
    return NetworkSizes(
        d_vocab=manifest.d_vocab,
        n_ctx=manifest.n_ctx,
        d_model=manifest.d_model,
        d_vocab_out=manifest.d_vocab_out,
        layers=tuple(LayerSizes(layer.n_heads, layer.d_head, layer.d_mlp) for layer in manifest.layers),
        causal=manifest.causal,
    )


def load(
    path: str | PathLike[str], device: str = "auto", dtype: str = "float32", *, memory: int | None = None
) -> Model:
    """The model in a pair of files, either of which `path` names.

    `device` is `cpu`, `cuda`, `cuda:N`, or `auto`: a GPU where there is one.  `dtype` is `float32`, for which models
    are compiled, or `float64`.  `memory` is about how many bytes the activations of one batch may take.  Raises
    RaspError for files that are missing, damaged or not a model's, and for a device or type that cannot be had.
    """
    return Model(read(Path(path)), device, dtype, memory)


#: The modules that `FastForward` knows how to compute.
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
