"""The logits of a model, computed faster: the same numbers without the columns that are zero.

A compiled model's heads use few of their columns: a head that counts has one payload whatever its `d_head`, a head
that compares two numbers scores in two dimensions.  `Packed` takes out what contributes nothing, joins the
projections of all heads into one matrix product, and works on queries in blocks that fit the cache.  Nothing else
changes: every product and every exponential that matters is computed as `Model.forward` computes it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from .model import MLP, Attention, Model

#: Attention scores that one step on a CPU holds, where there is a choice: they should stay in its caches.
CPU_SCORES = 2**19

#: A key whose score lies farther than this below the best has the weight zero, exactly: exp(-80) is 2e-35.  Of sharp
#: scores most lie farther, and an exponential that underflows takes a CPU ten times as long as one that does not.
#: A smaller weight instead of zero would not do: a head that counts multiplies what it reads by e^32, in every layer.
FARTHEST = 80.0


class Packed:
    """What `Model.forward` computes, from the weights that the model has now."""

    def __init__(self, model: Model) -> None:
        self.causal = model.manifest.causal
        self.tokens, self.positions = model.embed.W_E, model.pos_embed.W_pos
        self.layers: list[PackedAttention | PackedMLP] = []
        for block in model.layers:
            if block.attn is not None:
                self.layers.append(PackedAttention(block.attn))
            if block.mlp is not None:
                self.layers.append(PackedMLP(block.mlp))
        self.unembed, self.unembed_bias = model.unembed.W_U, model.unembed.b_U
        self.room = Room(self.tokens)

    def __call__(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Logits [batch, position, d_vocab_out] of token ids [batch, position], as `Model.forward` gives them."""
        batch, n = ids.shape
        hidden = _hidden(lengths, n, causal=self.causal)
        x = torch.nn.functional.embedding(ids, self.tokens).add_(self.positions[:n])  # [batch, position, d_model]
        flat = x.view(batch * n, -1)
        for layer in self.layers:
            layer.add_to(flat, batch, hidden, self.room)
        return torch.addmm(self.unembed_bias, flat, self.unembed).view(batch, n, -1)


class Room:
    """Places for large intermediate results, used again and again.

    To a CPU the memory of a new large tensor is new, too, and to get it takes longer than to fill it.
    """

    def __init__(self, like: Tensor) -> None:
        self.like = like
        self.places: dict[str, Tensor] = {}

    def take(self, name: str, *shape: int) -> Tensor:
        """A tensor of any content, valid until the same name is taken again."""
        size = math.prod(shape)
        if name not in self.places or self.places[name].numel() < size:
            with torch.inference_mode(False):  # so that it can be written in that mode and outside
                self.places[name] = torch.empty(size, dtype=self.like.dtype, device=self.like.device)
        return self.places[name][:size].view(shape)


class PackedAttention:
    """All heads of one layer that write something, each cut to as many columns as the widest of them uses."""

    def __init__(self, attention: Attention) -> None:
        queries, keys, values = (
            (attention.W_Q, attention.b_Q),
            (attention.W_K, attention.b_K),
            (attention.W_V, attention.b_V),
        )
        # A column counts where both of its factors can differ from zero; another one that is taken along adds zero.
        scored = _used(*queries) & _used(*keys)  # [head, d_head]
        paid = _used(*values) & (attention.W_O != 0).any(2)
        writing = paid.any(1)
        self.n_heads = int(writing.sum())
        first, second = _first(scored[writing]), _first(paid[writing])
        self.n_scored, self.n_paid = first.shape[1], second.shape[1]
        parts = [_take(w[writing], b[writing], first) for w, b in (queries, keys)]
        parts.append(_take(values[0][writing], values[1][writing], second))
        # One more payload, which is 1 everywhere: its sum is what the other sums are divided by.  The weights of keys
        # that tie are then exactly 1 until the division, which alone rounds.
        shape = (self.n_heads, attention.W_V.shape[1], 1)
        parts.append((attention.W_V.new_zeros(shape), attention.b_V.new_ones(self.n_heads, 1)))
        weights = torch.cat([weight for weight, _ in parts], 2)  # [head, d_model, column]
        self.weight = weights.transpose(0, 1).flatten(1)  # [d_model, head * column]
        self.bias = torch.cat([bias for _, bias in parts], 1).flatten()
        rows = second.unsqueeze(2).expand(-1, -1, self.weight.shape[0])
        self.output = attention.W_O[writing].gather(1, rows).flatten(0, 1)  # [head * payload, d_model]
        self.output_bias = _unless_zero(attention.b_O)

    def add_to(self, x: Tensor, batch: int, hidden: Tensor | None, room: Room) -> None:
        """Add what the heads write to x [batch * position, d_model]."""
        if self.n_heads > 0:
            self._add_heads(x, batch, hidden, room)
        if self.output_bias is not None:
            x += self.output_bias

    def _add_heads(self, x: Tensor, batch: int, hidden: Tensor | None, room: Room) -> None:
        n, s, heads = x.shape[0] // batch, self.n_scored, self.n_heads
        mixed = torch.addmm(self.bias, x, self.weight, out=room.take("mixed", x.shape[0], self.bias.numel()))
        columns = room.take("columns", batch, heads, n, self.bias.numel() // heads)
        columns = columns.copy_(mixed.view(batch, n, heads, -1).transpose(1, 2)).flatten(0, 1)
        q, k, v = columns[..., :s], columns[..., s : 2 * s].transpose(1, 2), columns[..., 2 * s :].transpose(1, 2)
        z = self._read(q, k, v, hidden, room)  # [batch * head, payload, position]
        x.addmm_(z.view(batch, -1, n).transpose(1, 2).reshape(batch * n, -1), self.output)

    def _read(self, q: Tensor, k: Tensor, v: Tensor, hidden: Tensor | None, room: Room) -> Tensor:
        """Payloads [batch * head, payload, query] of q [batch * head, query, column] and k, v [.., column, key]; the
        last payload, which is 1, is not among them."""
        (rows, queries), n = q.shape[:2], k.shape[2]
        step = queries if q.is_cuda else max(1, CPU_SCORES // (rows * n))
        parts = []
        for start in range(0, queries, step):
            some = q[:, start : start + step]
            scores = room.take("scores", rows, some.shape[1], n)  # [batch * head, query, key]
            torch.bmm(some, k, out=scores)  # not divided by anything
            if hidden is not None:
                unseen = hidden if hidden.shape[2] == 1 else hidden[:, :, start : start + step]
                scores.view(-1, self.n_heads, *scores.shape[1:]).masked_fill_(unseen, -torch.inf)
            if scores.is_cuda:
                weights = scores.softmax(-1)
            else:
                weights = scores.sub_(scores.amax(-1, keepdim=True)).clamp_(min=-FARTHEST).exp_()
                torch.threshold_(weights, math.exp(0.5 - FARTHEST), 0.0)
            # As v p^T, not p v: with a few payloads that is several times faster.
            sums = torch.bmm(v, weights.transpose(1, 2))
            parts.append(sums[:, :-1] / sums[:, -1:])
        return parts[0] if len(parts) == 1 else torch.cat(parts, 2)


class PackedMLP:
    """The neurons of one layer that read and write something."""

    def __init__(self, mlp: MLP) -> None:
        used = ((mlp.W_in != 0).any(0) | (mlp.b_in != 0)) & (mlp.W_out != 0).any(1)
        self.weight, self.bias = mlp.W_in[:, used], mlp.b_in[used]
        self.output, self.output_bias = mlp.W_out[used], _unless_zero(mlp.b_out)

    def add_to(self, x: Tensor, batch: int, hidden: Tensor | None, room: Room) -> None:
        """Add what the neurons write to x [batch * position, d_model]."""
        neurons = room.take("neurons", x.shape[0], self.bias.numel())
        x.addmm_(torch.addmm(self.bias, x, self.weight, out=neurons).relu_(), self.output)
        if self.output_bias is not None:
            x += self.output_bias


def _hidden(lengths: Tensor, n: int, *, causal: bool) -> Tensor | None:
    """[batch, 1, query or 1, key], true where a query must not see a key; None where every query sees all."""
    position = torch.arange(n, device=lengths.device)
    hidden = (position >= lengths.unsqueeze(1))[:, None, None, :]
    if causal:
        return hidden | (position > position.unsqueeze(1))
    # On a GPU to ask whether any is hidden costs more than to hide none.
    return hidden if lengths.is_cuda or bool(hidden.any()) else None


def _used(weight: Tensor, bias: Tensor) -> Tensor:
    """[head, column]: where a projection [head, d_model, column] with its bias can differ from zero."""
    return (weight != 0).any(1) | (bias != 0)


def _first(used: Tensor) -> Tensor:
    """[head, count]: each head's used columns before the others, as many as the head with the most uses."""
    count = int(used.sum(1).max()) if used.numel() > 0 else 0
    return (~used).to(torch.uint8).argsort(dim=1, stable=True)[:, :count]


def _take(weight: Tensor, bias: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
    """The given columns of each head's projection and bias."""
    wide = columns.unsqueeze(1).expand(-1, weight.shape[1], -1)
    return weight.gather(2, wide), bias.gather(1, columns)


def _unless_zero(bias: Tensor) -> Tensor | None:
    return bias if bool((bias != 0).any()) else None
