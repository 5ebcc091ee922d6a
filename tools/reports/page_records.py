"""What the page is made of: the records that its template shows."""

from __future__ import annotations

from dataclasses import dataclass

from ...compiler.artifact.manifest import ModelSubspace


@dataclass(frozen=True)
class Limits:
    """How much a page shows: positions, cells of all patterns together, cells of the heat map, and parts."""

    positions: int = 64
    pattern_cells: int = 24_000
    stream_cells: int = 8_000
    parts: int = 240
    rows: int = 400


@dataclass(frozen=True)
class Chip:
    """A short name that can be clicked."""

    key: str
    text: str
    kind: str
    title: str
    faint: bool = False


@dataclass(frozen=True)
class Answer:
    """One output: (text, whether it is right) by position."""

    name: str
    cells: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Matrix:
    """A head's pattern: rows of (weight, text, selected), by query and key.  `raw`: the model's own, BOS included."""

    columns: tuple[str, ...]
    rows: tuple[tuple[tuple[float, str, bool], ...], ...]
    sums: tuple[str, ...] | None
    raw: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Part:
    """A head or a group of neurons."""

    key: str
    name: str
    kind: str
    label: str
    selector: str | None
    facts: tuple[str, ...]
    why: str
    reads: tuple[Chip, ...]
    writes: tuple[Chip, ...]
    matrix: Matrix | None
    rescaled: bool


@dataclass(frozen=True)
class Floor:
    """A layer, with its attention and its MLP."""

    number: int
    shape: str
    heads: tuple[Part, ...]
    neurons: tuple[Part, ...]


@dataclass(frozen=True)
class Bar:
    """A direction's row of the heat map."""

    index: int
    label: str
    cells: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Band:
    """A subspace's rows of the heat map."""

    key: str
    space: ModelSubspace
    title: str
    note: str
    written: str
    bars: tuple[Bar, ...]
    hidden: int
