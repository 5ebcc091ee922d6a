"""Links between the expressions of a program and the parts of its model.

Each element of the page has a key: an expression of the text (`r5`), a head (`h0.1`: layer, index), a group of neurons
(`g0.0`), a subspace of the residual stream (`s3`: its first direction), a direction (`d23`), a row of the trace (`v7`),
an output (`o0`).  `Links` gives for each key the keys that it is linked to.  There are two kinds of links: an
expression *became* a part (`main`), or it only *takes part* in it (`side`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ...compiler.artifact.manifest import ModelSubspace
from ...compiler.graph.graph import Constant, Node, SOp
from ...compiler.graph.walk import inputs_of, visited
from ...rasp_grammar import tree
from ...rasp_grammar.parser import parse
from ...rasp_grammar.span import Source
from .model_parts import folded_parts, parts_of
from .model_program import ModelProgram
from .readings import Decoders
from .trace import Trace

#: Expressions that are linked; the page stays fast.  Further expressions of a longer program are plain text.
MAX_REGIONS = 4000


@dataclass(frozen=True)
class Region:
    """An expression in the text.

    start, end: its characters.  handle: the characters to click.  atom: whether it is a name.  stood_for: the nodes of
    the program that it stood for and that an output depends on.  nodes: the recorded nodes that these became.
    """

    key: str
    file: int
    start: int
    end: int
    handle: tuple[int, int] | None
    atom: bool
    stood_for: tuple[Node, ...]
    nodes: tuple[Node, ...]


@dataclass
class Link:
    """The links of a key, in order: `main` if one became the other, `side` if one takes part in the other."""

    main: dict[str, None] = field(default_factory=dict)
    side: dict[str, None] = field(default_factory=dict)


def subspace_key(space: ModelSubspace) -> str:
    """The key of a subspace: `s` and its first direction."""
    return f"s{space.indices.start}"


class Links:
    """The links of one trace."""

    def __init__(self, trace: Trace) -> None:
        self._program = trace.program
        self.subspaces = trace.manifest.subspaces()
        self.regions = tuple(_regions(trace.program))
        self._space_of = {index: subspace_key(space) for space in self.subspaces for index in space.indices}
        self._of: dict[str, Link] = {}
        self._model(trace)
        self._text({sop.node for sop in trace.sops})

    def of(self, key: str) -> Link:
        """The links of a key; empty if it has none."""
        return self._of.get(key, Link())

    def linked(self, key: str) -> bool:
        """Whether the key is linked to anything."""
        return key in self._of

    def everything(self) -> list[str]:
        """Every key that is linked to anything."""
        return list(self._of)

    def reads(self, indices: Iterable[int]) -> list[ModelSubspace]:
        """The subspaces that some directions belong to."""
        chosen = set(indices)
        return [space for space in self.subspaces if chosen & set(space.indices)]

    def _join(self, one: str, other: str, *, main: bool) -> None:
        for key, partner in ((one, other), (other, one)):
            link = self._of.setdefault(key, Link())
            if main:
                link.side.pop(partner, None)
                link.main[partner] = None
            elif partner not in link.main:
                link.side[partner] = None

    def _model(self, trace: Trace) -> None:
        """Links within the model: of parts with what they read and write, of values with their directions."""
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
        """Links of the expressions with the parts that they became; `rows` are the nodes that the trace shows."""
        program = self._program
        computing: dict[Node, list[str]] = {}
        for key, nodes in parts_of(program):
            for node in nodes:
                computing.setdefault(node, []).append(key)
        folded = folded_parts(program)
        owned: dict[int | None, list[str]] = {}
        for space in self.subspaces:
            owned.setdefault(space.node, []).append(subspace_key(space))
            owned[space.node] += [f"d{index}" for index in space.indices]
        decoders = Decoders(program)
        for region in self.regions:
            for node in region.nodes:
                identity = program.id(node)
                for key in (*computing.get(node, ()), *owned.get(identity, ())):
                    self._join(region.key, key, main=True)
                if identity in rows:
                    self._join(region.key, f"v{identity}", main=True)
            for node in region.nodes:
                if region.atom and program.id(node) in owned:
                    continue  # the directions of an input have many readers, which are not due to this place
                for key in folded.get(node, ()):
                    self._join(region.key, key, main=False)
                decoder = decoders.of(node) if isinstance(node, SOp) and not isinstance(node, Constant) else None
                for index in () if decoder is None else decoder.directions:
                    self._join(region.key, f"d{index}", main=False)
                    self._join(region.key, self._space_of[index], main=False)
        readers = self._readers()
        for region in self.regions:
            if not region.stood_for or region.key in self._of:
                continue
            # It was simplified away: together with the expression around it, or else with the nodes that read it.
            for key in self._around(region):
                self._join(region.key, key, main=False)
            if region.key in self._of:
                continue
            for node in visited(region.stood_for, lambda one: [] if one in program.images else readers[one]):
                image = program.images.get(node)
                for key in () if image is None else (*computing.get(image, ()), *folded.get(image, ())):
                    self._join(region.key, key, main=False)

    def _readers(self) -> Mapping[Node, list[Node]]:
        """The nodes of the program as written that read each node."""
        readers: dict[Node, list[Node]] = {node: [] for node in self._program.needed}
        for node in self._program.needed:
            for child in inputs_of(node):
                readers[child].append(node)
        return {node: sorted(found, key=lambda one: one.id) for node, found in readers.items()}

    def _around(self, region: Region) -> list[str]:
        """The links of the nearest linked expression around a region."""
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


def _regions(program: ModelProgram) -> Iterator[Region]:
    """Every expression that stood for an s-op or selector, and every name that was given one."""
    images = program.images
    files = {source.name: number for number, source in enumerate(program.written.sources)}
    found: dict[tuple[int, int, int], tuple[tree.Tree, list[Node]]] = {}
    for mention in program.mentions:
        span = mention.span
        place = files[span.source.name], span.start, span.end
        _, originals = found.setdefault(place, (mention.expression, []))
        originals.append(mention.node)
    for number, source in enumerate(program.written.sources):
        for name, value in _named(source):
            given = found.get((number, value.span.start, value.span.end))
            if given is not None:
                found[number, name.span.start, name.span.end] = name, given[1]
    ordered = sorted(found.items(), key=lambda item: item[0])
    for count, ((file, start, end), (expression, originals)) in enumerate(ordered[:MAX_REGIONS]):
        nodes = [node for one in originals if one in images for node in _made_of(one, images[one])]
        yield Region(
            f"r{count}",
            file,
            start,
            end,
            handle=_handle(expression, program.written.sources[file].text),
            atom=isinstance(expression, tree.Name),
            stood_for=tuple(dict.fromkeys(one for one in originals if one in program.needed)),
            nodes=tuple(dict.fromkeys(nodes)),
        )


def _made_of(node: Node, image: Node) -> list[Node]:
    """The nodes that a node became: its image, and the nodes that simplification and library functions put below it."""
    spans = (node.span, image.span)
    return visited([image], lambda current: [child for child in inputs_of(current) if child.span in spans])


def _named(source: Source) -> Iterator[tuple[tree.Name, tree.Expression]]:
    """The names of assignments with the expression of each."""
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
