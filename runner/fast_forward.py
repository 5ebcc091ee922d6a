"""The logits of a transformer, computed faster: the same numbers without the columns that are zero.

A compiled model's heads use few of their columns: a head that counts has one value column whatever its `d_head`, a
head that compares two numbers scores in two dimensions.  `FastForward` leaves out columns and neurons that contribute
nothing, joins the projections of all heads into one matrix product, and works on queries in blocks that fit the cache.
Nothing else changes: every product and every exponential that matters is computed as `Transformer.forward` computes it.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .network import MLP, Attention, Transformer

#: Attention scores that one step on a CPU holds, where there is a choice: they should stay in its caches.
CPU_SCORES = 2**19

#: Nats.  A key whose score lies farther than this below the best has the weight zero, exactly: exp(-80) is 2e-35.  Of
#: sharp scores most lie farther, and an exponential that underflows takes a CPU ten times as long as one that does not.
#: A smaller weight instead of zero would not do: a head that counts multiplies what it reads by e^32, in every layer.
FARTHEST_SCORE = 80.0


class FastForward:
    """Computes `Transformer.forward` from the weights that the transformer has when this is made."""

    def __init__(self, transformer: Transformer) -> None:
        self.causal = transformer.sizes.causal
        self.tokens, self.positions = transformer.embed.W_E, transformer.pos_embed.W_pos
        self.layers: list[FastAttention | FastMLP] = []
        for block in transformer.layers:
            if block.attn is not None:
                self.layers.append(FastAttention(block.attn))
            if block.mlp is not None:
                self.layers.append(FastMLP(block.mlp))
        self.unembed, self.unembed_bias = transformer.unembed.W_U, transformer.unembed.b_U
        self.memory = ScratchMemory(self.tokens)

    def __call__(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Logits [batch, position, d_vocab_out] of token ids [batch, position], as `Transformer.forward` gives them."""
        batch, n = ids.shape
        hidden = _hidden(lengths, n, causal=self.causal)
        x = torch.nn.functional.embedding(ids, self.tokens).add_(self.positions[:n])  # [batch, position, d_model]
        flat = x.view(batch * n, -1)
        for layer in self.layers:
            layer.add_to(flat, batch, hidden, self.memory)
        return torch.addmm(self.unembed_bias, flat, self.unembed).view(batch, n, -1)


class ScratchMemory:
    """Memory for large intermediate results, used again and again.

    Memory that a CPU has not touched yet takes longer to get than to fill.
    """

    def __init__(self, like: Tensor) -> None:
        self.like = like
        self.tensors: dict[str, Tensor] = {}

    def take(self, name: str, *shape: int) -> Tensor:
        """A tensor of any content, valid until the same name is taken again."""
        size = math.prod(shape)
        if name not in self.tensors or self.tensors[name].numel() < size:
            with torch.inference_mode(False):  # so that it can be written in that mode and outside
                self.tensors[name] = torch.empty(size, dtype=self.like.dtype, device=self.like.device)
        return self.tensors[name][:size].view(shape)


class FastAttention:
    """All heads of one layer that write something, each cut to as many columns as the widest of them uses."""

    def __init__(self, attention: Attention) -> None:
        queries, keys, values = (
            (attention.W_Q, attention.b_Q),
            (attention.W_K, attention.b_K),
            (attention.W_V, attention.b_V),
        )
        # A column counts where both of its factors can differ from zero; another one that is taken along adds zero.
        score_columns = _can_differ_from_zero(*queries) & _can_differ_from_zero(*keys)  # [head, d_head]
        value_columns = _can_differ_from_zero(*values) & (attention.W_O != 0).any(2)
        writing = value_columns.any(1)
        self.n_heads = int(writing.sum())
        scores, read = _used_first(score_columns[writing]), _used_first(value_columns[writing])
        self.n_scores = scores.shape[1]
        projections = [_columns(w[writing], b[writing], scores) for w, b in (queries, keys)]
        projections.append(_columns(values[0][writing], values[1][writing], read))
        # One more value column, which is 1 everywhere: its sum is what the other sums are divided by.  The weights of
        # keys that tie are then exactly 1 until the division, which alone rounds.
        shape = (self.n_heads, attention.W_V.shape[1], 1)
        projections.append((attention.W_V.new_zeros(shape), attention.b_V.new_ones(self.n_heads, 1)))
        weights = torch.cat([weight for weight, _ in projections], 2)  # [head, d_model, column]
        self.weight = weights.transpose(0, 1).flatten(1)  # [d_model, head * column]
        self.bias = torch.cat([bias for _, bias in projections], 1).flatten()
        rows = read.unsqueeze(2).expand(-1, -1, self.weight.shape[0])
        self.output = attention.W_O[writing].gather(1, rows).flatten(0, 1)  # [head * value column, d_model]
        self.output_bias = _unless_zero(attention.b_O)

    def add_to(self, x: Tensor, batch: int, hidden: Tensor | None, memory: ScratchMemory) -> None:
        """Add what the heads write to x [batch * position, d_model]."""
        if self.n_heads > 0:
            self._add_heads(x, batch, hidden, memory)
        if self.output_bias is not None:
            x += self.output_bias

    def _add_heads(self, x: Tensor, batch: int, hidden: Tensor | None, memory: ScratchMemory) -> None:
        n, s, heads = x.shape[0] // batch, self.n_scores, self.n_heads
        mixed = torch.addmm(self.bias, x, self.weight, out=memory.take("mixed", x.shape[0], self.bias.numel()))
        columns = memory.take("columns", batch, heads, n, self.bias.numel() // heads)
        columns = columns.copy_(mixed.view(batch, n, heads, -1).transpose(1, 2)).flatten(0, 1)
        q, k, v = columns[..., :s], columns[..., s : 2 * s].transpose(1, 2), columns[..., 2 * s :].transpose(1, 2)
        z = weighted_means(q, k, v, hidden, memory)  # [batch * head, value column, query]
        x.addmm_(z.view(batch, -1, n).transpose(1, 2).reshape(batch * n, -1), self.output)


def weighted_means(q: Tensor, k: Tensor, v: Tensor, hidden: Tensor | None, memory: ScratchMemory) -> Tensor:
    """The means of v [row, value column, key] by the softmax of the scores: [row, value column, query].

    q [row, query, column] and k [row, column, key] give the scores; a row is a head of one input.  The last value
    column, which is 1, is not among the results.  `hidden` [batch, 1, query or 1, key] is true where a query must not
    see a key; None hides nothing.
    """
    (rows, queries), n = q.shape[:2], k.shape[2]
    step = queries if q.is_cuda else max(1, CPU_SCORES // (rows * n))
    means = []
    for start in range(0, queries, step):
        some = q[:, start : start + step]
        scores = memory.take("scores", rows, some.shape[1], n)  # [row, query, key]
        torch.bmm(some, k, out=scores)  # not divided by anything
        if hidden is not None:
            unseen = hidden if hidden.shape[2] == 1 else hidden[:, :, start : start + step]
            scores.view(len(hidden), -1, *scores.shape[1:]).masked_fill_(unseen, -torch.inf)
        if scores.is_cuda:
            weights = scores.softmax(-1)
        else:
            weights = scores.sub_(scores.amax(-1, keepdim=True)).clamp_(min=-FARTHEST_SCORE).exp_()
            torch.threshold_(weights, math.exp(0.5 - FARTHEST_SCORE), 0.0)
        # As v p^T, not p v: with a few value columns that is several times faster.
        sums = torch.bmm(v, weights.transpose(1, 2))
        means.append(sums[:, :-1] / sums[:, -1:])
    return means[0] if len(means) == 1 else torch.cat(means, 2)


class FastMLP:
    """The neurons of one layer that read and write something."""

    def __init__(self, mlp: MLP) -> None:
        used = ((mlp.W_in != 0).any(0) | (mlp.b_in != 0)) & (mlp.W_out != 0).any(1)
        self.weight, self.bias = mlp.W_in[:, used], mlp.b_in[used]
        self.output, self.output_bias = mlp.W_out[used], _unless_zero(mlp.b_out)

    def add_to(self, x: Tensor, batch: int, hidden: Tensor | None, memory: ScratchMemory) -> None:
        """Add what the neurons write to x [batch * position, d_model]."""
        neurons = memory.take("neurons", x.shape[0], self.bias.numel())
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


def _can_differ_from_zero(weight: Tensor, bias: Tensor) -> Tensor:
    """[head, column]: false where a projection [head, d_model, column] with its bias is always zero."""
    return (weight != 0).any(1) | (bias != 0)


def _used_first(used: Tensor) -> Tensor:
    """[head, count]: each head's used columns before the others, as many as the head with the most uses."""
    count = int(used.sum(1).max()) if used.numel() > 0 else 0
    return (~used).to(torch.uint8).argsort(dim=1, stable=True)[:, :count]


def _columns(weight: Tensor, bias: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
    """The given columns of each head's projection and bias."""
    wide = columns.unsqueeze(1).expand(-1, weight.shape[1], -1)
    return weight.gather(2, wide), bias.gather(1, columns)


def _unless_zero(bias: Tensor) -> Tensor | None:
    return bias if bool((bias != 0).any()) else None
