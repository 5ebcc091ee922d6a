"""The text of `--emit` for shipped programs at each stage, and the names and sums in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from raspc.compiler.blocks.forms import Direction, DirectionKind, LinearForm, Role, constant_form
from raspc.compiler.blocks.print_forms import Names, elided, fitted, short_name
from raspc.compiler.blocks.times import Time
from raspc.compiler.elaborate import elaborate
from raspc.compiler.graph.values import Scalar
from raspc.compiler.options import CompileOptions
from raspc.compiler.pipeline import Stage, emit
from raspc.rasp_grammar.parser import parse
from raspc.rasp_grammar.print_tree import format_tree
from raspc.rasp_grammar.span import Source
from raspc.tests.programs.cases import PROGRAMS, Shipped, shipped_programs
from raspc.tests.support.building import Build

GOLDEN = ("paper/reverse", "paper/hist", "paper/sort", "paper/dyck1", "tracr/frac_prevs", "tracr/shuffle_dyck")
WIDTH = 120


def _source(name: str) -> Source:
    return Source(f"{name}.rasp", (PROGRAMS / f"{name}.rasp").read_text(encoding="utf-8"))


def _emit(name: str, stage: Stage, options: CompileOptions | None = None) -> str:
    program = elaborate(_source(name), base=(PROGRAMS / name).parent)
    return emit(program, options if options is not None else CompileOptions(), stage)


@pytest.mark.parametrize("program", GOLDEN)
def test_ast(program: str, golden: Callable[..., None]) -> None:
    golden(format_tree(parse(_source(program))))


@pytest.mark.parametrize("stage", ["graph", "blocks", "layers"])
@pytest.mark.parametrize("program", GOLDEN)
def test_emit(program: str, stage: Stage, golden: Callable[..., None]) -> None:
    golden(_emit(program, stage))


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("program", shipped_programs()[::4], ids=str)
def test_pages_are_stable_and_narrow(program: Shipped, small: bool) -> None:
    """Twice the same text, also from a graph of its own; never wider than the page."""
    for stage in ("blocks", "layers"):
        text = _emit(str(program), stage, CompileOptions(small=small))
        assert text == _emit(str(program), stage, CompileOptions(small=small))
        assert max(map(len, text.splitlines())) <= WIDTH
        assert all(line == line.rstrip() for line in text.splitlines())


# ---- names and sums -------------------------------------------------------------------------------

BUILD = Build()


def _direction(
    number: int,
    label: str,
    kind: DirectionKind = "scalar",
    value: Scalar | None = None,
    role: Role = "head",
    time: int = 1,
) -> Direction:
    return Direction(
        id=number,
        role=role,
        node=BUILD.tokens,
        kind=kind,
        value=value,
        label=label,
        time=Time(time),
        low=0.0,
        high=1.0,
        error=0.0,
    )


def _one_hot(first: int, label: str, values: tuple[Scalar, ...], time: int = 0) -> list[Direction]:
    return [_direction(first + i, f"{label} = {v}", "one-hot", v, "tokens", time) for i, v in enumerate(values)]


def _form(*terms: tuple[Direction, float], constant: float = 0.0) -> LinearForm:
    return LinearForm(terms, constant, 0.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("length", "length"),
        ("depth < 0", "depth<0"),
        ("column == 9", "column==9"),
        ("f(indices)", "f(indices)"),
        ("depth - 1", "depth_1"),
        ("selector_width(up_to_here and select(tokens, x, ==))", "width_up_to_here_tokens_x"),
        ("aggregate(flip, tokens)", "from_flip_tokens"),
        ('"F" if failed else ("T" if depth == 0 else "P")', "F_if_failed_else_T_if_depth"),
        ("x" * 50, "x" * 28),
        ("-(+)", "value"),
    ],
)
def test_names_follow_from_labels(label: str, name: str) -> None:
    assert short_name(label) == name


def test_equal_labels_are_told_apart_in_order_of_time() -> None:
    late, early, embedded = (
        _direction(1, "x", time=4),
        _direction(2, "x", time=2),
        _direction(3, "x", role="indices", time=0),
    )
    names = Names([late, early, embedded])
    assert [names.name(direction) for direction in (embedded, early, late)] == ["x", "x#2", "x#3"]


def test_names_do_not_depend_on_creation_ids() -> None:
    first = Names([_direction(1, "a"), _direction(2, "b"), *_one_hot(3, "t", ("x", "y"))])
    later = Names([_direction(11, "a"), _direction(12, "b"), *_one_hot(31, "t", ("x", "y"))])
    assert [s.name for s in first.subspaces] == [s.name for s in later.subspaces]


def test_one_hots_are_one_name() -> None:
    hot = _one_hot(1, "tokens", ("a", "(", 7))
    scalar = _direction(9, "tokens", role="tokens", time=0)
    names = Names([*hot, scalar])
    assert [names.name(direction) for direction in (*hot, scalar)] == [
        'tokens{"a"}',
        'tokens{"("}',
        "tokens{7}",
        "tokens",
    ]
    assert names.some([*hot, scalar], 80) == "tokens{all}, tokens"
    assert names.some(hot[1:], 80) == 'tokens{"(", 7}'


def test_forms() -> None:
    x, y = _direction(1, "x"), _direction(2, "y")
    digits = _one_hot(3, "d", tuple(range(12)))
    names = Names([x, y, *digits])
    assert names.form(constant_form(0.0), 80) == "0"
    assert names.form(_form((x, 1.0)), 80) == "x"
    assert names.form(_form((x, -1.0), (y, 2.5), constant=-3.0), 80) == "-x + 2.5*y - 3"
    assert names.form(_form((x, 1.0), constant=1.0), 80, inner=True) == "(x + 1)"
    assert names.form(_form((x, 2.0)), 80, inner=True) == "2*x"
    same = [(digits[i], 2.0) for i in (0, 2, 3, 4, 8, 9)]
    assert names.form(_form(*same), 80) == "2*d{0, 2..4, 8, 9}"
    mixed = _form(*((digits[i], float(i)) for i in (1, 2, 3)))
    assert names.form(mixed, 80) == "d{1: 1, 2: 2, 3: 3}"


def test_long_forms_say_what_is_missing() -> None:
    many = [_direction(i, f"v{i}") for i in range(20)]
    names = Names(many)
    form = _form(*((direction, 1.0) for direction in many))
    assert names.form(form, 80) == "v0 + v1 + v2 + v3 + v4 + v5 + v6 + ... 13 more"
    assert names.form(form, 21) == "v0 + v1 + ... 18 more"
    assert names.form(form, 1) == "v0 + ... 19 more"


def test_lists_fit() -> None:
    texts = ["one", "two", "three", "four"]
    assert elided(texts, 4) == texts
    assert elided(texts, 3) == ["one", "two", "... 2 more"]
    assert fitted(texts, 80, ", ") == "one, two, three, four"
    assert fitted(texts, 20, ", ") == "one, two, ... 2 more"
    assert fitted([], 10, ", ") == ""
