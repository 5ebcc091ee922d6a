"""Which piece of the program became which part of the model, and the other way round.

Everything that a person can point at has a key: an expression of the text (`r5`), a head (`h0.1`: layer, index), a
group of neurons (`g0.0`), a subspace of the residual stream (`s3`) and each of its directions (`d23`), a row of the
trace (`v7`), an output (`o0`).  `Links` says for each key what it is linked to: what it *is*, and what it merely takes
part in.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ...compiler.artifact.manifest import DirectionRecord
from ...compiler.graph.graph import Constant, Node, SOp
from ...compiler.graph.walk import inputs_of, visited
from ...rasp_grammar import tree
from ...rasp_grammar.parser import parse
from ...rasp_grammar.span import Source
from .readings import Readouts
from .recompiled import Origin
from .trace import Trace, folded_parts, parts_of

#: Expressions of the text that are linked; a longer program's further ones stay plain text.
MAX_REGIONS = 4000


@dataclass(frozen=True)
class Region:
    """An expression in the text: where it stands, where it can be clicked, and what it stood for."""

    key: str
    file: int
    start: int
    end: int
    handle: tuple[int, int] | None
    atom: bool
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class Subspace:
    """Directions that encode one value together."""

    key: str
    name: str
    kind: str
    node: int | None
    first: int
    last: int

    @property
    def directions(self) -> range:
        return range(self.first, self.last + 1)


@dataclass
class Link:
    """What a key is linked to: `main` is it or makes it, `side` takes part.  Both in order, without doubles."""

    main: dict[str, None] = field(default_factory=dict)
    side: dict[str, None] = field(default_factory=dict)


def subspaces(directions: Iterable[DirectionRecord]) -> Iterator[Subspace]:
    """Runs of directions that belong together, as the manifest lists them."""
    groups = itertools.groupby(directions, key=lambda d: (d.subspace, d.kind, d.node))
    for number, ((name, kind, node), run) in enumerate(groups):
        members = list(run)
        yield Subspace(f"s{number}", name, kind, node, members[0].index, members[-1].index)


class Links:
    """All links of one trace."""

    def __init__(self, trace: Trace) -> None:
        self._origin = trace.origin
        self.subspaces = tuple(subspaces(trace.manifest.directions))
        self.regions = tuple(_regions(trace.origin))
        self._space_of = {index: space.key for space in self.subspaces for index in space.directions}
        self._of: dict[str, Link] = {}
        self._model(trace)
        self._text({sop.node for sop in trace.sops})

    def of(self, key: str) -> Link:
        """The links of a key; none for a key that has none."""
        return self._of.get(key, Link())

    def linked(self, key: str) -> bool:
        """Whether the key is linked to anything."""
        return key in self._of

    def everything(self) -> list[str]:
        """Every key that is linked to anything."""
        return list(self._of)

    def reads(self, indices: Iterable[int]) -> list[Subspace]:
        """The subspaces that some directions belong to."""
        chosen = set(indices)
        return [space for space in self.subspaces if chosen & set(space.directions)]

    def _join(self, one: str, other: str, *, main: bool) -> None:
        for key, partner in ((one, other), (other, one)):
            link = self._of.setdefault(key, Link())
            if main:
                link.side.pop(partner, None)
                link.main[partner] = None
            elif partner not in link.main:
                link.side[partner] = None

    def _model(self, trace: Trace) -> None:
        """What belongs together within the model: parts and what they read and write, values and their directions."""
        for number, layer in enumerate(trace.manifest.layers):
            parts = [(f"h{number}.{head.index}", head.reads, head.writes) for head in layer.heads]
            parts += [(f"g{number}.{place}", group.reads, group.writes) for place, group in enumerate(layer.neurons)]
            for key, reads, writes in parts:
                for index in writes:
                    self._join(key, f"d{index}", main=True)
                    self._join(key, self._space_of[index], main=True)
                for index in reads:
                    self._join(key, f"d{index}", main=False)
                    self._join(key, self._space_of[index], main=False)
        for sop in trace.sops:
            for index in sop.directions:
                self._join(f"v{sop.node}", f"d{index}", main=True)
                self._join(f"v{sop.node}", self._space_of[index], main=True)

    def _text(self, rows: set[int]) -> None:
        """What each expression of the program became; `rows` are the nodes that the trace shows."""
        origin = self._origin
        computing: dict[Node, list[str]] = {}
        for key, nodes in parts_of(origin):
            for node in nodes:
                computing.setdefault(node, []).append(key)
        folded = folded_parts(origin)
        owned: dict[int | None, list[str]] = {}
        for space in self.subspaces:
            owned.setdefault(space.node, []).append(space.key)
            owned[space.node] += [f"d{index}" for index in space.directions]
        readouts = Readouts(origin)
        for region in self.regions:
            for node in region.nodes:
                for key in (*computing.get(node, ()), *owned.get(node.id, ())):
                    self._join(region.key, key, main=True)
                if node.id in rows:
                    self._join(region.key, f"v{node.id}", main=True)
            for node in region.nodes:
                if region.atom and node.id in owned:
                    continue  # an input is in its directions; that others read them says nothing of this place
                for key in folded.get(node, ()):
                    self._join(region.key, key, main=False)
                readout = readouts.of(node) if isinstance(node, SOp) and not isinstance(node, Constant) else None
                for index in () if readout is None else readout.directions:
                    self._join(region.key, f"d{index}", main=False)
                    self._join(region.key, self._space_of[index], main=False)
        for region in self.regions:
            if region.nodes and region.key not in self._of:  # rewritten together with what stands around it
                for key in self._around(region):
                    self._join(region.key, key, main=False)

    def _around(self, region: Region) -> list[str]:
        """What the nearest linked expression around a region became."""
        outer = [
            other
            for other in self.regions
            if other.file == region.file
            and other.start <= region.start
            and region.end <= other.end
            and other.key in self._of
        ]
        nearest = min(outer, key=lambda other: other.end - other.start, default=None)
        return [] if nearest is None else [*self.of(nearest.key).main, *self.of(nearest.key).side]


def _regions(origin: Origin) -> Iterator[Region]:
    """Every expression of the program's files that stood for an s-op or selector, and every name that got one."""
    images = origin.stages.images
    files = {source.name: number for number, source in enumerate(origin.program.sources)}
    found: dict[tuple[int, int, int], tuple[tree.Tree, list[Node]]] = {}
    for mention in origin.mentions:
        span = mention.span
        place = files[span.source.name], span.start, span.end
        _, nodes = found.setdefault(place, (mention.expression, []))
        if mention.node in images:
            nodes += _made_of(mention.node, images[mention.node])
    for number, source in enumerate(origin.program.sources):
        for name, value in _named(source):
            given = found.get((number, value.span.start, value.span.end))
            if given is not None:
                found[number, name.span.start, name.span.end] = name, given[1]
    ordered = sorted(found.items(), key=lambda item: item[0])
    for count, ((file, start, end), (expression, nodes)) in enumerate(ordered[:MAX_REGIONS]):
        text = origin.program.sources[file].text
        atom = isinstance(expression, tree.Name)
        yield Region(f"r{count}", file, start, end, _handle(expression, text), atom, tuple(dict.fromkeys(nodes)))


def _made_of(node: Node, image: Node) -> list[Node]:
    """What a node of the program became: its image, and what simplification and library functions put below it."""
    spans = (node.span, image.span)
    return visited([image], lambda current: [child for child in inputs_of(current) if child.span in spans])


def _named(source: Source) -> Iterator[tuple[tree.Name, tree.Expression]]:
    """Names and the expressions that they are given, where each has its own."""
    for node, _ in tree.walk(parse(source)):
        if isinstance(node, tree.Assignment) and len(node.names) == len(node.values):
            yield from zip(node.names, node.values, strict=True)


def _handle(expression: tree.Tree, text: str) -> tuple[int, int] | None:
    """The characters to click for an expression: its name, its function's name, or its operator."""
    match expression:
        case tree.Name(span=span):
            return span.start, span.end
        case tree.Call(function=tree.Name(span=span)):
            return span.start, span.end
        case tree.Binary(operator=operator, left=left, right=right):
            return _between(text, operator, left.span.end, right.span.start)
        case tree.Unary(operator=operator, span=span, operand=operand):
            return _between(text, operator, span.start, operand.span.start)
        case tree.Ternary(then=then, condition=condition):
            return _between(text, "if", then.span.end, condition.span.start)
        case tree.Membership(item=item, container=container):
            return _between(text, "in", item.span.end, container.span.start)
        case tree.Index(target=target, index=index):
            return _between(text, "[", target.span.end, index.span.start)
        case _:
            return None


def _between(text: str, word: str, start: int, end: int) -> tuple[int, int] | None:
    place = text.find(word, start, end)
    return None if place < 0 else (place, place + len(word))
