"""The transformer as PyTorch modules made of sizes alone: no layer norm, unscaled attention, ReLU.

Parameters are named and shaped as in TransformerLens.  Layers may differ in shape.  This file imports torch and nothing
else: exported folders carry a copy of it.  Position 0 of an input holds the beginning-of-sequence token (BOS).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class LayerSizes:
    """One layer: `n_heads` heads of `d_head` columns each, then `d_mlp` neurons.  Either number may be 0."""

    n_heads: int
    d_head: int
    d_mlp: int


@dataclass(frozen=True)
class NetworkSizes:
    """All sizes of a transformer.

    d_vocab: token ids, BOS included.  n_ctx: positions, BOS included.  d_model: width of the residual stream.
    d_vocab_out: logits of a position.  causal: a query sees no key after it.
    """

    d_vocab: int
    n_ctx: int
    d_model: int
    d_vocab_out: int
    layers: Sequence[LayerSizes]
    causal: bool = False


class Embed(nn.Module):
    """Token ids [batch, position] to the residual stream."""

    def __init__(self, d_vocab: int, d_model: int) -> None:
        super().__init__()
        self.W_E = nn.Parameter(torch.empty(d_vocab, d_model))

    def forward(self, ids: Tensor) -> Tensor:
        return self.W_E[ids]  # [batch, position, d_model]


class PosEmbed(nn.Module):
    """Positions [position] or [batch, position] to the residual stream."""

    def __init__(self, n_ctx: int, d_model: int) -> None:
        super().__init__()
        self.W_pos = nn.Parameter(torch.empty(n_ctx, d_model))

    def forward(self, positions: Tensor) -> Tensor:
        return self.W_pos[positions]  # [..., position, d_model]


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
        """The sum that the heads write [batch, position, d_model], and their patterns [batch, head, query, key].

        `visible` [batch, 1, query or 1, key] is true where a query may see a key.
        """
        q = torch.einsum("bpm,hmd->bhpd", x, self.W_Q) + self.b_Q.unsqueeze(1)  # [batch, head, position, d_head]
        k = torch.einsum("bpm,hmd->bhpd", x, self.W_K) + self.b_K.unsqueeze(1)
        v = torch.einsum("bpm,hmd->bhpd", x, self.W_V) + self.b_V.unsqueeze(1)
        scores = q @ k.transpose(-1, -2)  # [batch, head, query, key], not divided by sqrt(d_head)
        pattern = scores.masked_fill(~visible, -torch.inf).softmax(-1)
        # Padding before the tokens may see nothing, which gives NaN; and some runtimes give a hidden key 1e-38
        # instead of 0, which a head that counts multiplies by e^32.
        pattern = pattern.masked_fill(~visible, 0.0)
        z = pattern @ v  # [batch, head, query, d_head]
        return torch.einsum("bhpd,hdm->bpm", z, self.W_O) + self.b_O, pattern


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

    def __init__(self, d_model: int, layer: LayerSizes) -> None:
        super().__init__()
        self.attn = Attention(d_model, layer.n_heads, layer.d_head) if layer.n_heads > 0 else None
        self.mlp = MLP(d_model, layer.d_mlp) if layer.d_mlp > 0 else None


class Unembed(nn.Module):
    """The residual stream to logits."""

    def __init__(self, d_model: int, d_vocab_out: int) -> None:
        super().__init__()
        self.W_U = nn.Parameter(torch.empty(d_model, d_vocab_out))
        self.b_U = nn.Parameter(torch.empty(d_vocab_out))

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.W_U + self.b_U  # [batch, position, d_vocab_out]


class Transformer(nn.Module):
    """Token ids to logits.  The parameters of a new one are not set: load a state dict, or initialise them."""

    def __init__(self, sizes: NetworkSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.embed = Embed(sizes.d_vocab, sizes.d_model)
        self.pos_embed = PosEmbed(sizes.n_ctx, sizes.d_model)
        self.blocks = nn.ModuleList(Block(sizes.d_model, layer) for layer in sizes.layers)
        self.unembed = Unembed(sizes.d_model, sizes.d_vocab_out)

    @property
    def layers(self) -> list[Block]:
        """The layers in order, as `blocks` holds them."""
        return [block for block in self.blocks if isinstance(block, Block)]

    def forward(self, ids: Tensor, lengths: Tensor | None = None, record: dict[str, Tensor] | None = None) -> Tensor:
        """Logits [batch, position, d_vocab_out] of token ids [batch, position].

        `lengths` [batch] counts each row's positions, BOS included; None: no row has padding.  Positions within the
        length never see what stands beyond it; logits beyond it mean nothing.  `record` receives the activations, see
        `run_positions`.
        """
        positions = torch.arange(ids.shape[1], device=ids.device)
        known = torch.ones_like(ids, dtype=torch.bool) if lengths is None else positions < lengths.unsqueeze(1)
        return self.run_positions(ids, positions, known, record)

    def run_positions(
        self, ids: Tensor, positions: Tensor, known: Tensor, record: dict[str, Tensor] | None = None
    ) -> Tensor:
        """Logits [batch, position, d_vocab_out], where padding may stand anywhere.

        `positions` [position] or [batch, position] tells where each id stands in its input, BOS at 0.  `known`
        [batch, position] is false for padding.  `record` receives the activations in order of computation, by
        TransformerLens names: `blocks.0.hook_resid_pre` and, for each layer l, `blocks.l.attn.hook_pattern` (where it
        has heads), `blocks.l.hook_resid_mid` (after attention) and `blocks.l.hook_resid_post` (after the MLP).
        """
        visible = known[:, None, None, :]  # [batch, 1, 1, key]
        if self.sizes.causal:
            order = torch.arange(ids.shape[1], device=ids.device)
            visible = visible & (order <= order.unsqueeze(1))  # [batch, 1, query, key]
        x = self.embed(ids) + self.pos_embed(positions)  # [batch, position, d_model]
        _keep(record, "blocks.0.hook_resid_pre", x)
        for index, block in enumerate(self.blocks):
            assert isinstance(block, Block)
            if block.attn is not None:
                update, pattern = block.attn(x, visible)
                x = x + update
                _keep(record, f"blocks.{index}.attn.hook_pattern", pattern)
            _keep(record, f"blocks.{index}.hook_resid_mid", x)
            if block.mlp is not None:
                x = x + block.mlp(x)
            _keep(record, f"blocks.{index}.hook_resid_post", x)
        logits: Tensor = self.unembed(x)
        return logits


def _keep(record: dict[str, Tensor] | None, name: str, value: Tensor) -> None:
    if record is not None:
        record[name] = value
