"""Any bytes in files and on the command line give an exit status and a diagnostic, never a traceback."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Call = Callable[..., CompletedProcess[str]]

PROGRAM = """set vocab "ab"; # comment
set max_length 3;
def f(x, y) { z = [1, 2][0]; return x + y if z == 1 else x; }
s = select(tokens, "a", ==) and not select(indices, indices, <);
w = {"a": 1}[tokens] if tokens == "a" else selector_width(s);
f(w, aggregate(s, indices, 0));
"""

PIECES = [
    *PROGRAM.replace("\n", " ").split(" "),
    "\n",
    "\0",
    "'",
    "(",
    "load 'x.rasp';",
    "for i in range(9) { }",
    "^",
    "é",
]

#: The same examples in every run: a failure here is a bug, and must not depend on the day.
SETTINGS = settings(deadline=None, max_examples=150, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """The program with a few pieces cut out, doubled or put in."""
    data = bytearray(PROGRAM.encode())
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 12)))
        data[start:end] = draw(st.sampled_from(PIECES)).encode() if draw(st.booleans()) else draw(st.binary(max_size=3))
    return bytes(data)


WORDS_OF_PROGRAM = re.findall(r"[A-Za-z]+|\d+|[<>=!]=|\s+|.", PROGRAM)

#: Words that may stand for each other: what comes out is mostly a program, and often one that means something.
ALIKE = (
    ("tokens", "indices", "length", "s", "w", "x", "y", "z", "full_s", "1", "0", "2", "3", '"a"', '"b"', "0.5", "True"),
    ("==", "<", ">", "<=", ">=", "!="),
    ("and", "or", "+", "-", "*", "/", "%", "^", "//"),
    ("f", "select", "aggregate", "selector_width", "round", "indicator", "not", "sort", "count", "has_focus"),
)


@st.composite
def substituted(draw: st.DrawFn) -> bytes:
    """The program with a few words replaced by words of the same sort."""
    words = list(WORDS_OF_PROGRAM)
    places = [(place, alike) for place, word in enumerate(words) for alike in ALIKE if word in alike]
    for _ in range(draw(st.integers(1, 4))):
        place, alike = draw(st.sampled_from(places))
        words[place] = draw(st.sampled_from(alike))
    return "".join(words).encode()


def _require_no_traceback(result: CompletedProcess[str]) -> None:
    assert "Traceback" not in result.stderr
    assert "internal error" not in result.stderr, result.stderr
    assert result.returncode in (0, 1, 2)
    assert (result.returncode == 0) or result.stderr


@given(
    data=st.binary(max_size=80)
    | mutated()
    | substituted()
    | st.lists(st.sampled_from(PIECES)).map(lambda p: " ".join(p).encode())
)
@SETTINGS
def test_programs(call: Call, tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "any.rasp").write_bytes(data)
    _require_no_traceback(call("check", "any.rasp", folder=folder))
    _require_no_traceback(call("eval", "any.rasp", "ab", folder=folder))
    _require_no_traceback(call("compile", "any.rasp", "--emit", "ast", folder=folder))
    _require_no_traceback(call("compile", "any.rasp", folder=folder))


WORDS = st.text(max_size=6) | st.sampled_from(
    [
        "--entry",
        "--vocab",
        "--max-length",
        "--causal",
        "--json",
        "--input",
        "-",
        "--",
        "s",
        "w",
        "'ab'",
        "[1]",
        "3",
        "a",
        "-o",
    ]
)


@given(arguments=st.lists(WORDS, max_size=6))
@SETTINGS
def test_arguments(call: Call, tmp_path_factory: pytest.TempPathFactory, arguments: list[str]) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "valid.rasp").write_text(PROGRAM)
    for command in ("eval", "check"):
        _require_no_traceback(call(command, "valid.rasp", *arguments, stdin=b'["a"]\n[1]\n', folder=folder))
    _require_no_traceback(call(*arguments, folder=folder))


@given(data=st.binary(max_size=100))
@SETTINGS
def test_models(call: Call, tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    for name in ("any.safetensors", "any.manifest.json"):
        (folder / name).write_bytes(data)
        for command in (["run", name, "a"], ["verify", name], ["inspect", name]):
            result = call(*command, folder=folder)
            _require_no_traceback(result)
            assert result.returncode == 1


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5_000 + "tokens" + ")" * 5_000 + ";",
        "not " * 5_000 + "tokens;",
        "[" * 5_000 + ";",
        "x = tokens;" + "x = x + x;" * 2_000,
        "x = range(10^12);",
        'load "any";',
        "# " + "x" * 10_000_000,
        "tokens + '" + "x" * 500_000 + "';",
        "def f(x) { return f(x); } f(1);",
        "2^(10^9);",
        "set vocab 'ab'; set max_length 10^12; tokens;",
        "set vocab range(10^12); tokens;",
        "",
        "\n",
        "\ufeff",
    ],
    ids=lambda text: text[:20],
)
def test_hard_programs(call: Call, tmp_path: Path, text: str) -> None:
    (tmp_path / "any.rasp").write_text(text)
    for command in (
        ["check"],
        ["eval", "--vocab", "'ab'"],
        ["compile", "--emit", "ast"],
        ["compile", "--max-length", "3"],
    ):
        tokens = ["a"] if command[0] == "eval" else []
        _require_no_traceback(call(command[0], "any.rasp", *tokens, *command[1:], folder=tmp_path))
