"""The records that the template of the page shows."""

from __future__ import annotations

from dataclasses import dataclass

from ...compiler.artifact.manifest import ModelSubspace


@dataclass(frozen=True)
class PageLimits:
    """The most that a page shows.

    pattern_cells: cells of all attention patterns together.  stream_cells: cells of the heat map.  parts: heads and
    groups of neurons.  rows: s-ops in the table of values.
    """

    positions: int = 64
    pattern_cells: int = 24_000
    stream_cells: int = 8_000
    parts: int = 240
    rows: int = 400


@dataclass(frozen=True)
class Badge:
    """A short name of a part of the model, which can be clicked.  faint: the line only takes part in it."""

    key: str
    text: str
    kind: str
    title: str
    faint: bool = False


@dataclass(frozen=True)
class Answer:
    """One output: (text, whether it is the interpreter's value) by position."""

    name: str
    cells: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class PatternTable:
    """The attention pattern of a head: rows of (weight, text, selected), by query and key.

    sums: the sum of each row, for rescaled patterns.  raw: the weights of the model itself, BOS included.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[tuple[float, str, bool], ...], ...]
    sums: tuple[str, ...] | None
    raw: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class PartCard:
    """The card of a head or of a group of neurons."""

    key: str
    name: str
    kind: str
    label: str
    selector: str | None
    facts: tuple[str, ...]
    why: str
    reads: tuple[Badge, ...]
    writes: tuple[Badge, ...]
    matrix: PatternTable | None
    rescaled: bool


@dataclass(frozen=True)
class LayerCard:
    """The card of a layer, with the cards of its heads and groups of neurons."""

    number: int
    shape: str
    heads: tuple[PartCard, ...]
    neurons: tuple[PartCard, ...]


@dataclass(frozen=True)
class DirectionRow:
    """The row of a direction in the heat map: (share of the largest number, text) by position."""

    index: int
    label: str
    cells: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class SubspaceRows:
    """The rows of a subspace in the heat map; `hidden` directions are left out."""

    key: str
    space: ModelSubspace
    title: str
    note: str
    written: str
    rows: tuple[DirectionRow, ...]
    hidden: int
