"""Sequences per second of the runner, against a plain PyTorch loop over the same weights and against the hardware.

Every function takes a device: the CPU runs the same code as the GPU, except CUDA graphs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from raspc.compiler.artifact.manifest import HeadRecord
from raspc.runner.fast_forward import FastForward
from raspc.runner.model import Model, load
from raspc.runner.network import Attention
from raspc.runner.precision import full_precision
from torch import Tensor

#: Largest accepted ratio of the measured time to the bound.
GOAL = 3.0


#: `Transformer.forward`: no fusion, no structure, one step after the other.
PLAIN = "plain PyTorch loop"


@dataclass(frozen=True)
class Speeds:
    """Sequences per second of each way to run a model, `batch` sequences of full length at once."""

    batch: int
    per_second: Mapping[str, float]


@dataclass(frozen=True)
class Machine:
    """Measured peaks of a device: float32 matrix products in FLOP/s, copies in bytes/s (read plus written)."""

    flops: float
    bandwidth: float


@dataclass(frozen=True)
class Work:
    """Floating point operations of one sequence of full length (a multiply-add is two).

    `dense`: every matrix product with the shapes in the weights file.  `needed`: only the rows that the manifest says
    are read, the columns that are written, and the query/key dimensions that are not zero.  `io`: bytes of ids and
    logits, which no implementation can avoid.
    """

    dense: float
    needed: float
    io: float


def work(model: Model) -> Work:
    """The operations of one sequence."""
    manifest = model.manifest
    n, width, columns = manifest.n_ctx, manifest.d_model, manifest.d_vocab_out
    dense = needed = 0.0
    for block, layer in zip(model.layers, manifest.layers, strict=True):
        heads, d_head, d_mlp = layer.n_heads, layer.d_head, layer.d_mlp
        dense += 2 * n * heads * (4 * width * d_head + 2 * n * d_head) + 4 * n * width * d_mlp
        needed += sum(_head_work(block.attn, head, n) for head in layer.heads if block.attn is not None)
        needed += sum(2 * n * group.count * (len(group.reads) + len(group.writes)) for group in layer.neurons)
    unembedding = model.unembed.W_U
    dense += 2 * n * width * columns
    needed += 2 * n * int((unembedding != 0).any(1).sum()) * columns
    return Work(dense, needed, n * (8.0 + 4 * columns))


def _head_work(attention: Attention, head: HeadRecord, n: int) -> float:
    """Operations of one head: projections of its inputs, scores over its used dimensions, its values."""
    used = [int((w[head.index] != 0).any(0).sum()) for w in (attention.W_Q, attention.W_K, attention.W_V)]
    scored = max(used[0], used[1])
    return 2.0 * n * (len(head.reads) * sum(used) + n * (scored + used[2]) + used[2] * len(head.writes))


def fastest(ways: Mapping[str, Callable[[], object]], device: torch.device, rounds: int = 12) -> dict[str, float]:
    """Seconds of the fastest run of each way.

    They take turns, so that whatever else the machine does meanwhile meets all of them; two rounds warm up.
    """
    best = dict.fromkeys(ways, float("inf"))
    with torch.inference_mode(), full_precision():
        for number in range(rounds + 2):
            for name, run in ways.items():
                start = time.perf_counter()
                run()
                if device.type == "cuda":
                    torch.cuda.synchronize(device)
                if number >= 2:
                    best[name] = min(best[name], time.perf_counter() - start)
    return best


def machine(device: torch.device) -> Machine:
    """Measure products of large square matrices and copies of arrays beyond every cache."""
    size = 8192 if device.type == "cuda" else 2048
    a = torch.randn(size, size, device=device)
    b = torch.randn(size, size, device=device)
    product = torch.empty_like(a)
    source = torch.zeros(2**28 if device.type == "cuda" else 2**25, device=device)
    target = torch.empty_like(source)
    seconds = fastest({"mm": lambda: torch.mm(a, b, out=product), "copy": lambda: target.copy_(source)}, device)
    return Machine(2.0 * size**3 / seconds["mm"], 2.0 * 4 * source.numel() / seconds["copy"])


def full_batch(model: Model, batch: int) -> tuple[Tensor, Tensor]:
    """Random ids [batch, position] of the longest inputs, and their lengths."""
    manifest, device = model.manifest, model.embed.W_E.device
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(len(manifest.vocabulary), (batch, manifest.n_ctx), generator=generator)
    ids[:, 0] = manifest.bos
    return ids.to(device), torch.full((batch,), manifest.n_ctx).to(device)


def speeds(path: Path, batch: int, device: torch.device) -> tuple[Speeds, Work]:
    """The ways to run a model on `batch` random sequences of full length."""
    model = load(path, str(device))
    ids, lengths = full_batch(model, batch)
    tokens = [[model.vocabulary[i] for i in row[1:]] for row in ids.tolist()]
    fast = model.fast_forward()
    ways: dict[str, Callable[[], object]] = {PLAIN: lambda: model(ids, lengths)}
    if device.type == "cuda":
        ways["runner, eager"] = lambda: fast(ids, lengths)
        ways["runner, CUDA graph"] = _graph(fast, ids, lengths)
        ways["runner, torch.compile"] = _compiled(model, ids, lengths)
    else:
        # As many sequences at once as `run_batch` takes: the activations stay in the caches.
        parts = [(ids[rows], lengths[rows]) for rows in model.batches(lengths.tolist())]
        ways["runner, logits"] = lambda: [fast(*part) for part in parts]
    ways["runner, tokens to values"] = lambda: model.run_batch(tokens)
    seconds = fastest(ways, device)
    return Speeds(batch, {name: batch / taken for name, taken in seconds.items()}), work(model)


def _graph(fast: FastForward, ids: Tensor, lengths: Tensor) -> Callable[[], object]:
    """The kernels of one run, recorded once: no Python and no launches between them."""
    with torch.inference_mode(), full_precision():
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):  # what is allocated or chosen on first use must not be in the recording
                fast(ids, lengths)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            fast(ids, lengths)
    return graph.replay


def _compiled(model: Model, ids: Tensor, lengths: Tensor) -> Callable[[], object]:
    compiled = torch.compile(model, fullgraph=True)
    with torch.inference_mode(), full_precision():
        compiled(ids, lengths)
    return lambda: compiled(ids, lengths)
