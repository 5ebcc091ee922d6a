"""Lays out a formatted text: ends its lines and places its comments.

A text is a stream of parts: words, spaces, breaks (where a line may end), groups, and changes of the indentation.
A group that fits on the rest of its line stays there; otherwise all of its breaks, not those of groups inside it,
end their lines (in a `filling` group only those that must).  This is Oppen's algorithm (Prettyprinting, TOPLAS 2(4),
1980): one pass, linear time, no recursion.

Comments stand only at breaks.  One that was written elsewhere moves on to the next break, or from behind an operator
to the break before it.  So the layout is a fixed point: in the formatted text every comment already is at the break
where it would be put.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

#: Columns of a formatted line; longer words and comments are not broken.
WIDTH = 100

INDENT = 4

#: Deeper levels are not indented further: the text would grow with the square of its depth.
MAX_LEVELS = 16

_WHITE = " \t\r\f\n"


@dataclass(frozen=True)
class Word:
    """Text that stands in the source at offset `start`.  Words come in the order of the source.

    `joins`: an operator, which lines begin with.  A comment behind it is about one of its sides, not about both.
    """

    text: str
    start: int
    joins: bool = False


@dataclass(frozen=True)
class Gap:
    """Text between words where no line ends."""

    text: str = " "


@dataclass(eq=False)
class LayoutGroup:
    """Parts that share a line if they fit.

    filling: only the breaks that must end a line do.  broken: a comment or a hard break forbids one line.
    """

    filling: bool = False
    broken: bool = False


@dataclass(frozen=True)
class Open:
    group: LayoutGroup


@dataclass(frozen=True)
class Close:
    group: LayoutGroup


@dataclass(frozen=True)
class Comma:
    """A comma behind the last item of the innermost group, only where the group is broken."""


@dataclass(eq=False)
class Break:
    """A possible end of a line; `flat` is what stands there otherwise.

    `hard` ends the line always, `reluctant` only for a comment.  `opening` follows an opening bracket, or begins the
    text; `closing` precedes a closing bracket and undoes its `Indent`; no blank lines are kept there.
    """

    flat: str = " "
    hard: bool = False
    reluctant: bool = False
    opening: bool = False
    closing: bool = False
    #: A comment that ends the line, and those on lines of their own, each with whether a blank line precedes it.
    trailing: str | None = None
    above: list[tuple[str, bool]] = field(default_factory=list)
    #: Whether a blank line precedes the next word.
    blank: bool = False


@dataclass(frozen=True)
class Indent:
    """The lines that follow stand one level deeper; with `when`, only if that break ends a line."""

    when: Break | None = None


@dataclass(frozen=True)
class Dedent:
    """The end of an `Indent`, where no `closing` break is it."""

    when: Break | None = None


LayoutPart = Word | Gap | Open | Close | Comma | Indent | Dedent | Break


@dataclass(frozen=True)
class Comment:
    """A comment of the source, from `#` at offset `start`, its white end cut off."""

    text: str
    start: int


def rigid(parts: Sequence[LayoutPart]) -> Iterator[LayoutPart]:
    """The parts without the breaks outside all brackets: some statements of RASP end with their line."""
    depth = 0
    for part in parts:
        if isinstance(part, Word):
            depth += (part.text in ("(", "[", "{")) - (part.text in (")", "]", "}"))
        yield Gap(part.flat) if isinstance(part, Break) and depth == 0 and not part.hard else part


def place_comments(parts: Sequence[LayoutPart], comments: Sequence[Comment], text: str) -> None:
    """Give each comment of the source `text` to the break where it will stand; the last part is a break.

    Breaks also learn of the blank lines that the source has at them, and groups that they cannot be on one line.
    """
    starts = _next_starts(parts, len(text), joining=True)
    ends = _next_starts(parts, len(text), joining=False)
    groups: list[LayoutGroup] = []
    taken = 0
    begun = False  # whether there is a line that a comment can end
    for part, next_start, end in zip(parts, starts, ends, strict=True):
        match part:
            case Word():
                begun = True
            case Open(group=group):
                groups.append(group)
            case Close():
                groups.pop()
            case Break():
                first = taken
                while taken < len(comments) and comments[taken].start < end:
                    _put(part, comments[taken], text, begun and taken == first)
                    taken += 1
                has_comments = taken > first
                if part.hard or has_comments:
                    part.blank = not part.closing and _blank_before(text, next_start)
                    for group in groups:
                        group.broken = True
                    part.hard = True
                if part.opening:
                    if part.above:
                        part.above[0] = (part.above[0][0], False)
                    else:
                        part.blank = False
            case _:
                pass


def _put(place: Break, comment: Comment, text: str, is_first: bool) -> None:
    line_start = text.rfind("\n", 0, comment.start) + 1
    alone = text[line_start : comment.start].strip(_WHITE) == ""
    if is_first and not alone:
        place.trailing = comment.text
    else:
        place.above.append((comment.text, _blank_before(text, comment.start)))


def _blank_before(text: str, offset: int) -> bool:
    """Whether nothing but white stands between `offset` and a blank line before it."""
    lines = 0
    while offset > 0 and text[offset - 1] in _WHITE:
        offset -= 1
        lines += text[offset] == "\n"
    return lines > 1


def _next_starts(parts: Sequence[LayoutPart], end: int, joining: bool) -> list[int]:
    """For each part, where in the source the next word after it starts, operators counted or not; `end` at last."""
    starts: list[int] = []
    next_start = end
    for part in reversed(parts):
        starts.append(next_start)
        if isinstance(part, Word) and (joining or not part.joins):
            next_start = part.start
    starts.reverse()
    return starts


def lay_out(parts: Sequence[LayoutPart]) -> str:
    """The text.  Its lines end with a newline character, the last one too."""
    return _Layout(parts).text()


class _Layout:
    def __init__(self, parts: Sequence[LayoutPart]) -> None:
        self._parts = parts
        # Widths before each part, all on one line: without the commas of broken groups, and with them.
        self._flat = [0]
        self._with_commas = [0]
        for part in parts:
            width = _width(part)
            self._flat.append(self._flat[-1] + width)
            self._with_commas.append(self._with_commas[-1] + (1 if isinstance(part, Comma) else width))
        self._next_break = self._find_breaks()
        self._closes = self._find_closes()
        self._out: list[str] = []
        self._column = 0
        self._level = 0
        self._line_level = 0  # of the line under way: an `Indent` is for those after it

    def _find_breaks(self) -> list[int]:
        """For each part, itself or the next break after it."""
        found = [len(self._parts)] * (len(self._parts) + 1)
        for index in range(len(self._parts) - 1, -1, -1):
            part = self._parts[index]
            is_break = isinstance(part, Break) and (part.hard or not part.reluctant)
            found[index] = index if is_break else found[index + 1]
        return found

    def _find_closes(self) -> dict[int, int]:
        open_groups: list[int] = []
        closes: dict[int, int] = {}
        for index, part in enumerate(self._parts):
            if isinstance(part, Open):
                open_groups.append(index)
            elif isinstance(part, Close):
                closes[open_groups.pop()] = index
        return closes

    def text(self) -> str:
        # Of each open group, and of the text itself: whether it is on one line, and whether it fills its lines.
        modes: list[tuple[bool, bool]] = [(False, False)]
        for index, part in enumerate(self._parts):
            on_one_line, filling = modes[-1]
            match part:
                case Word(text=text) | Gap(text=text):
                    self._write(text)
                case Open(group=group):
                    modes.append((on_one_line or self._group_fits(index, group), group.filling))
                case Close():
                    modes.pop()
                case Comma():
                    if not on_one_line:
                        self._write(",")
                case Indent(when=when):
                    self._level += when is None or when.hard
                case Dedent(when=when):
                    self._level -= when is None or when.hard
                case Break():
                    may_stay = part.reluctant or (filling and self._next_fits(index))
                    if on_one_line or (may_stay and not part.hard):
                        self._write(part.flat)
                        self._level -= part.closing
                    else:
                        self._end_line(part, last=index + 1 == len(self._parts))
        return "".join(self._out)

    def _group_fits(self, index: int, group: LayoutGroup) -> bool:
        """Whether a group, and what must follow it on its line, fits there."""
        close = self._closes[index]
        after = self._next_break[close]
        width = self._flat[close] - self._flat[index] + self._with_commas[after] - self._with_commas[close]
        return not group.broken and self._column + width <= WIDTH

    def _next_fits(self, index: int) -> bool:
        """Whether the line can go on after a break, up to the next one."""
        return self._column + self._flat[self._next_break[index + 1]] - self._flat[index] <= WIDTH

    def _write(self, text: str) -> None:
        if text != "":
            if self._column == 0:
                self._column = INDENT * min(self._line_level, MAX_LEVELS)
                self._out.append(" " * self._column)
            self._out.append(text)
            self._column += len(text)

    def _end_line(self, place: Break, last: bool) -> None:
        if place.trailing is not None:
            self._out.append(f"  {place.trailing}")
        self._end()
        self._line_level = self._level
        for comment, blank in place.above:
            if blank:
                self._blank()
            self._write(comment)
            self._end()
        self._level -= place.closing
        self._line_level = self._level
        if place.blank and not last:
            self._blank()

    def _end(self) -> None:
        if self._column > 0:
            self._out.append("\n")
            self._column = 0

    def _blank(self) -> None:
        if self._out:
            self._out.append("\n")


def _width(part: LayoutPart) -> int:
    match part:
        case Word(text=text) | Gap(text=text):
            return len(text)
        case Break(flat=flat):
            return len(flat)
        case _:
            return 0
