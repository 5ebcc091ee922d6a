"""A trace as one HTML page: the records for the template, and the data for its script.

`PageLimits` bounds what a page shows of a large model; the page names what is left out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...compiler.artifact.manifest import (
    ClassDecodeRecord,
    HeadRecord,
    Manifest,
    ModelSubspace,
    NeuronGroupRecord,
    OutputRecord,
)
from ...compiler.graph.values import Undefined, show
from ...rasp_grammar.text_layout import counted, listed, number_range, on_one_line, shortened
from ..print_values import short_text
from .cross_links import Links, subspace_key
from .heat_map import HeatMap, parts_of_layer
from .listing import Listing, listings
from .page_records import Answer, Badge, LayerCard, PageLimits, PartCard, PatternTable
from .trace import SOpTrace, Stage, Trace
from .trace_text import cell_text

TEMPLATES = Path(__file__).parent / "templates"

EN_DASH, MINUS, ELLIPSIS = "\N{EN DASH}", "\N{MINUS SIGN}", "\N{HORIZONTAL ELLIPSIS}"

#: Shares of the darkest colour above which text turns from black to white (dark theme, light theme).
SHADES = (0.62, 0.77)

#: Characters of a value's name on a badge, and of an expression of the program in the panel of details.
MAX_NAME = 30
MAX_EXPRESSION = 60

#: Tokens of the vocabulary that the page lists.
MAX_TOKENS = 40


def render(trace: Trace, name: str, limits: PageLimits | None = None) -> str:
    """The page as HTML; `name` is that of the model.  The same trace gives the same text."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    page = Page(trace, limits if limits is not None else PageLimits())
    return environment.get_template("report.html.jinja").render(
        page=page,
        trace=trace,
        manifest=trace.manifest,
        name=name,
        style=(TEMPLATES / "report.css").read_text(encoding="utf-8"),
        script=(TEMPLATES / "report.js").read_text(encoding="utf-8"),
        data=script_json(page.data()),
    )


def script_json(value: object) -> str:
    """JSON for a script element: no character of it can end the element or open a comment."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


class Page:
    """The contents of the page, as the template asks for them."""

    def __init__(self, trace: Trace, limits: PageLimits) -> None:
        self._trace = trace
        self._limits = limits
        self._manifest: Manifest = trace.manifest
        self.links = Links(trace)
        heads = sum(1 for _ in trace.heads())
        room = math.isqrt(limits.pattern_cells // max(1, min(heads, limits.parts)))
        self.positions = min(len(trace.tokens), limits.positions, max(8, room))
        self.tokens = tuple(short_text(token) for token in trace.tokens[: self.positions])
        self.wide = self.positions <= 20
        self._badges = dict(self._all_badges())
        self.layers = tuple(self._layer_cards())
        self.listings: tuple[Listing, ...] = tuple(listings(trace.program.written.sources, self.links))
        self.heat_map = HeatMap(trace, self.positions, limits)
        self.notes = tuple(self._notes())

    def shade(self, share: float) -> str:
        """The CSS class for the text of a cell, by the darkness of its colour."""
        return "" if abs(share) <= SHADES[0] else "mid" if abs(share) <= SHADES[1] else "strong"

    # ---- the program ------------------------------------------------------------------------------

    def became(self, keys: Sequence[str]) -> list[Badge]:
        """The badges of the parts that a line's expressions became; faint those that they only take part in."""
        main: dict[str, None] = {}
        side: dict[str, None] = {}
        for key in keys:
            link = self.links.of(key)
            main.update(dict.fromkeys(part for part in link.main if part in self._badges))
            side.update(dict.fromkeys(part for part in link.side if part in self._badges))
        if any(part[0] in "hgs" for part in main):  # the cards of these parts name what they read
            side = {part: None for part in side if part[0] != "s"}
        chosen = [(part, False) for part in main] + [(part, True) for part in side if part not in main]
        return [self.badge(part, faint=faint) for part, faint in sorted(chosen, key=lambda one: _order(one[0]))]

    def badge(self, key: str, *, faint: bool = False) -> Badge:
        """The badge of a part."""
        found = self._badges[key]
        return Badge(found.key, found.text, found.kind, found.title, faint) if faint else found

    def _all_badges(self) -> Iterator[tuple[str, Badge]]:
        for number, layer in enumerate(self._manifest.layers):
            for head in layer.heads:
                key = f"h{number}.{head.index}"
                yield (
                    key,
                    Badge(key, f"L{number} H{head.index}", "head", f"layer {number}, head {head.index}: {head.label}"),
                )
            for place, group in enumerate(layer.neurons):
                key = f"g{number}.{place}"
                name = _neurons(group)
                yield key, Badge(key, f"L{number} N{name}", "neurons", f"layer {number}, neurons {name}: {group.label}")
        for space in self.links.subspaces:
            if space.kind != "bos":
                title = f"residual directions {_range(space)}: {space.name} {space.kind}"
                yield subspace_key(space), Badge(subspace_key(space), f"d{_range(space)}", "stream", title)
        for place, output in enumerate(self._manifest.outputs):
            yield f"o{place}", Badge(f"o{place}", output.name, "output", f"output {output.name}")

    # ---- the circuit ------------------------------------------------------------------------------

    @property
    def embedded(self) -> list[Badge]:
        """The subspaces that the embedding writes."""
        written = {index for layer in self._manifest.layers for part in parts_of_layer(layer) for index in part.writes}
        return [
            self._badge_of(space)
            for space in self.links.subspaces
            if space.kind != "bos" and not written & set(space.indices)
        ]

    @property
    def rescaled(self) -> bool:
        """Whether some pattern on the page is rescaled."""
        return any(part.rescaled for card in self.layers for part in card.heads)

    @property
    def outputs(self) -> list[tuple[Badge, str, str]]:
        """Each output: its badge, how it is read, and the model's answers."""
        answers = {output.name: output for output in self._trace.outputs}
        found = []
        for place, output in enumerate(self._manifest.outputs):
            if output.name in answers:
                values = " ".join(
                    short_text(value, answers[output.name].error)
                    for value in answers[output.name].model[: self.positions]
                )
                found.append((self._badges[f"o{place}"], _decoded(output), values))
        return found

    def _layer_cards(self) -> Iterator[LayerCard]:
        budget = self._limits.parts
        for number, layer in enumerate(self._manifest.layers):
            heads = tuple(self._head(number, head) for head in layer.heads[:budget])
            budget = max(0, budget - len(heads))
            groups = tuple(self._group(number, place, group) for place, group in enumerate(layer.neurons[:budget]))
            budget = max(0, budget - len(groups))
            attention = (
                f"{counted(layer.n_heads, 'head')} of size {layer.d_head}" if layer.n_heads > 0 else "no attention"
            )
            mlp = counted(layer.d_mlp, "neuron") if layer.d_mlp > 0 else "no MLP"
            yield LayerCard(number, f"{attention}, {mlp}", heads, groups)

    def _head(self, layer: int, head: HeadRecord) -> PartCard:
        facts = [head.level, head.score_kind, f"sharpness {head.sharpness:g}", *_bound(head)]
        badge = self._badges[f"h{layer}.{head.index}"]
        return PartCard(
            badge.key,
            badge.text,
            "head",
            head.label,
            head.selector,
            tuple(facts),
            head.why,
            self._named(head.reads),
            self._named(head.writes),
            self._matrix(layer, head),
            self._trace.rescaled(head),
        )

    def _group(self, layer: int, place: int, group: NeuronGroupRecord) -> PartCard:
        badge = self._badges[f"g{layer}.{place}"]
        facts = (counted(group.count, "neuron"), *_bound(group))
        reads, writes = self._named(group.reads), self._named(group.writes)
        return PartCard(badge.key, badge.text, "neurons", group.label, None, facts, "", reads, writes, None, False)

    def _named(self, indices: Sequence[int]) -> tuple[Badge, ...]:
        return tuple(self._badge_of(space) for space in self.links.reads(indices) if space.kind != "bos")

    def _badge_of(self, space: ModelSubspace) -> Badge:
        name = shortened(space.name, MAX_NAME, ELLIPSIS)
        return Badge(subspace_key(space), f"{name} {_range(space)}", "stream", self._badges[subspace_key(space)].title)

    def _matrix(self, layer: int, head: HeadRecord) -> PatternTable:
        count = self.positions
        rescaled = self._trace.rescaled(head)
        first = 0 if rescaled else 1  # whether BOS has a column
        weights = self._trace.weights(layer, head)[:count, : count + first]
        pattern = self._trace.patterns[layer]
        assert pattern is not None
        raw = pattern[head.index, 1 : count + 1, : count + 1]
        selected = self._trace.selections.get((layer, head.index))
        rows = []
        for query, row in enumerate(weights.tolist()):
            chosen = [] if selected is None else [cell is True for cell in selected[query][:count]]
            marks = [False] * first + chosen
            rows.append(tuple((weight, _weight(weight), mark) for weight, mark in zip(row, marks, strict=True)))
        sums = None
        if rescaled:
            whole = self._trace.weights(layer, head)[:count].sum(1)
            sums = tuple(f"{total:.4g}" for total in whole.tolist())
        columns = (*(("BOS",) if first else ()), *self.tokens)
        return PatternTable(
            columns, tuple(rows), sums, tuple(tuple(f"{cell:.3g}" for cell in row) for row in raw.tolist())
        )

    # ---- the head of the page, and its foot ---------------------------------------------------------

    @property
    def summary(self) -> str:
        """The model's size in a line."""
        manifest = self._manifest
        sizes = manifest.sizes()
        return " · ".join(
            [
                counted(sizes.layers, "layer"),
                counted(sizes.heads, "head"),
                counted(sizes.neurons, "neuron"),
                counted(manifest.d_model, "residual direction"),
                counted(sizes.parameters, "parameter"),
            ]
        )

    @property
    def answers(self) -> list[Answer]:
        """The model's answers, and whether each is the interpreter's."""
        found = []
        for output in self._trace.outputs:
            pairs = zip(output.model, output.right, strict=True)
            cells = [(short_text(got, output.error), right) for got, right in pairs]
            found.append(Answer(output.name, tuple(cells[: self.positions])))
        return found

    @property
    def about(self) -> list[tuple[str, str]]:
        """Further facts from the manifest."""
        manifest = self._manifest
        tokens = [short_text(token) for token in manifest.vocabulary]
        sight = "each position sees itself and earlier ones" if manifest.causal else "all positions see each other"
        options = ", ".join(f"{name} {value}" for name, value in sorted(manifest.compiler.options.items()))
        return [
            ("vocabulary", f"{counted(len(tokens), 'token')}: {listed(tokens, MAX_TOKENS)}"),
            ("input", f"1 to {counted(manifest.max_length, 'token')}; {sight}"),
            ("compiler", f"raspc {manifest.compiler.version} ({options})"),
            ("program", f"sha256 {manifest.program.sha256}"),
        ]

    # ---- values -----------------------------------------------------------------------------------

    @property
    def stages(self) -> list[tuple[Stage | None, list[SOpTrace]]]:
        """The s-ops by the stage from which the model holds them; None: no direction holds them."""
        found: dict[Stage | None, list[SOpTrace]] = {}
        for sop in self._trace.sops[: self._limits.rows]:
            found.setdefault(sop.stage, []).append(sop)
        return list(found.items())

    def values(self, sop: SOpTrace) -> list[tuple[str, str, str]]:
        """For each position: the text of the cell, its CSS class, and the text of its tooltip."""
        cells = []
        for cell in sop.cells[: self.positions]:
            means = f"the program means {_said(cell.interpreter)}"
            if sop.stage is None:
                cells.append((short_text(cell.interpreter), "meant", f"{means}; no direction holds it"))
                continue
            held = " or ".join(map(show, cell.model[:12])) + (" or ..." if len(cell.model) > 12 else "")
            style = "undefined" if isinstance(cell.interpreter, Undefined) else "" if cell.agrees else "differs"
            text = cell_text(cell) if style != "differs" else f"{cell_text(cell)} ≠ {short_text(cell.interpreter)}"
            error = f"; read to within {cell.error:.2g}, {cell.tolerated:.2g} tolerated"
            cells.append((text, style, f"the model holds {held or 'nothing that fits'}; {means}{error}"))
        return cells

    # ---- the rest ---------------------------------------------------------------------------------

    def _notes(self) -> Iterator[str]:
        if self.positions < len(self._trace.tokens):
            yield f"The page shows the first {self.positions} of {len(self._trace.tokens)} positions."
        parts = sum(len(parts_of_layer(layer)) for layer in self._manifest.layers)
        shown = sum(len(card.heads) + len(card.neurons) for card in self.layers)
        if shown < parts:
            yield f"It shows the first {shown} of {parts} heads and groups of neurons."
        rows = len(self._trace.sops)
        if rows > self._limits.rows:
            yield f"It shows the values of the first {self._limits.rows} of {rows} s-ops."

    @property
    def shown_stages(self) -> list[Stage]:
        """The stages at which the residual stream can change."""
        return [stage for stage in self._trace.stages if self._trace.exists(stage)]

    @property
    def known(self) -> set[str]:
        """Every key of an element of the page."""
        keys = {part.key for card in self.layers for part in (*card.heads, *card.neurons)}
        keys |= {group.key for group in self.heat_map.groups}
        keys |= {f"d{row.index}" for group in self.heat_map.groups for row in group.rows}
        keys |= {f"v{sop.node}" for sop in self._trace.sops[: self._limits.rows]}
        keys |= {f"o{place}" for place in range(len(self._manifest.outputs))}
        keys |= {region.key for region in self.links.regions}
        return keys

    def data(self) -> dict[str, object]:
        """The data for the script: links, names, the weights behind the patterns, and the stream at every stage."""
        known = self.known
        links = {}
        for key in self.links.everything():
            link = self.links.of(key)
            if key in known:
                links[key] = [[k for k in link.main if k in known], [k for k in link.side if k in known]]
        sources = self._trace.program.written.sources
        names: dict[str, str] = {}
        for region in self.links.regions:
            text = on_one_line(sources[region.file].text[region.start : region.end])
            names[region.key] = shortened(text, MAX_EXPRESSION)
        for sop in self._trace.sops:
            names[f"v{sop.node}"] = sop.name
        for group in self.heat_map.groups:
            names[group.key] = f"d{_range(group.space)} {group.title}"
            for row in group.rows:
                names[f"d{row.index}"] = f"d{row.index} {self._trace.label(row.index)}"
        kinds = ("head", "neurons", "output")
        names |= {key: badge.title for key, badge in self._badges.items() if badge.kind in kinds}
        return {
            "links": links,
            "names": names,
            "raw": {
                part.key: part.matrix.raw for card in self.layers for part in card.heads if part.matrix is not None
            },
            "stream": {
                f"d{row.index}": self.heat_map.history(row.index)
                for group in self.heat_map.groups
                for row in group.rows
            },
            "shades": list(SHADES),
            "stages": [stage.name for stage in self._trace.stages],
            "scales": {
                f"d{row.index}": self.heat_map.largest([row.index for row in group.rows])
                for group in self.heat_map.groups
                for row in group.rows
            },
        }


def _order(key: str) -> tuple[int, int, int]:
    """The place of a badge in a line: by layer, heads before neurons; then subspaces, then outputs."""
    kind, rest = key[0], key[1:]
    if kind in "hg":
        layer, _, place = rest.partition(".")
        return 2 * int(layer) + (kind == "g"), int(place), 0
    return {"s": 10**6, "o": 10**6 + 1}.get(kind, 10**6 + 2), int(rest), 0


def _range(space: ModelSubspace) -> str:
    return number_range(space.indices[0], space.indices[-1], EN_DASH)


def _neurons(group: NeuronGroupRecord) -> str:
    return number_range(group.first, group.first + group.count - 1, EN_DASH)


def _bound(part: HeadRecord | NeuronGroupRecord) -> list[str]:
    tolerated = "" if part.margin is None else f" of {part.margin:.2g} tolerated"
    return [f"error ≤ {part.error:.2g}{tolerated}"]


def _decoded(output: OutputRecord) -> str:
    match output.decode:
        case ClassDecodeRecord(values=values):
            return f"the largest of {counted(len(values), 'logit')}"
        case number:
            return f"one number, from {short_text(number.lowest)} to {short_text(number.highest)}"


def _weight(weight: float) -> str:
    """A weight in three characters; nothing for less than 0.005, which would round to 0.00."""
    if abs(weight) < 0.005:
        return ""
    text = f"{weight:.2f}".rstrip("0").rstrip(".")
    return text.removeprefix("0") if text.startswith("0.") else text


def _said(value: object) -> str:
    return "nothing (undefined)" if isinstance(value, Undefined) else show(value)  # type: ignore[arg-type]
