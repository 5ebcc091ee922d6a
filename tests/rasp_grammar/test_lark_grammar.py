"""The grammar in Lark: free of conflicts, and the same from the cache as from its text."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from raspc.rasp_grammar.build_tree import RULES
from raspc.rasp_grammar.lark_grammar import build, cache_folder, grammar, keywords

TEXT = (files("raspc.rasp_grammar") / "rasp.lark").read_text(encoding="utf-8")


def test_the_grammar_is_lalr_without_conflicts_or_ambiguous_terminals() -> None:
    parsed = build(TEXT, strict=True).parse('set vocab "ab";x=select(tokens,tokens,==);')
    assert parsed.data == "start"


def test_every_rule_that_gives_a_node_is_built() -> None:
    names = {rule.origin.name.lstrip("?") for rule in build(TEXT).rules}
    assert {name for name in names if not name.startswith("_")} - {"start"} == set(RULES)


def test_keywords_are_the_terminals_that_are_words() -> None:
    assert set(keywords()) == {
        "def", "return", "for", "in", "if", "else", "and", "or", "not", "load", "True", "False",
    }  # fmt: skip
    assert keywords()["def"] == "DEF"


PROBE = """
from raspc.rasp_grammar import lark_grammar
built = []
build = lark_grammar.build
lark_grammar.build = lambda text: built.append(text) or build(text)
from raspc.rasp_grammar.parser import parse
from raspc.rasp_grammar.print_tree import format_tree
from raspc.rasp_grammar.span import Source
text = 'set vocab "ab"\\nx = -select(tokens, tokens, ==)[0] if a in b else 1;'
print(format_tree(parse(Source("x", text))))
print("built", len(built))
"""


def _probe(cache: Path) -> tuple[str, bool]:
    """A tree printed by a new process with this cache folder, and whether the process built the grammar."""
    environment = os.environ | {"XDG_CACHE_HOME": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", PROBE], capture_output=True, text=True, env=environment, check=True, timeout=60
    )
    assert done.stderr == ""
    tree, _, count = done.stdout.rpartition("built ")
    return tree, int(count) > 0


def test_a_second_process_reads_the_file_of_the_first(tmp_path: Path) -> None:
    first, built = _probe(tmp_path)
    assert built
    (saved,) = (tmp_path / "raspc").iterdir()
    assert saved.stat().st_mode & 0o077 == 0
    content = saved.read_bytes()
    assert _probe(tmp_path) == (first, False)
    assert saved.read_bytes() == content


def _other_version(saved: Path) -> None:
    saved.write_bytes(b"0" + saved.read_bytes())


def _one_bit(saved: Path) -> None:
    content = bytearray(saved.read_bytes())
    content[len(content) // 2] ^= 1
    saved.write_bytes(content)


def _writable_by_others(saved: Path) -> None:
    saved.chmod(0o666)


@pytest.mark.parametrize(
    "damage",
    [
        lambda saved: saved.write_bytes(b""),
        lambda saved: saved.write_bytes(saved.read_bytes()[:5000]),
        lambda saved: saved.write_bytes(b"\x80\x04junk"),
        _other_version,
        _one_bit,
        _writable_by_others,
    ],
)
def test_a_file_that_cannot_be_trusted_is_replaced(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    first, _ = _probe(tmp_path)
    (saved,) = (tmp_path / "raspc").iterdir()
    damage(saved)
    assert _probe(tmp_path) == (first, True)
    assert _probe(tmp_path) == (first, False)
    assert saved.stat().st_mode & 0o077 == 0
    assert list((tmp_path / "raspc").iterdir()) == [saved]


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_not_read(tmp_path: Path) -> None:
    first, _ = _probe(tmp_path)
    (saved,) = (tmp_path / "raspc").iterdir()
    os.chown(saved, 12345, -1)
    assert _probe(tmp_path) == (first, True)


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    expected, _ = _probe(tmp_path)
    (tmp_path / "file").write_text("")
    for _ in range(2):
        assert _probe(tmp_path / "file") == (expected, True)


def test_the_cache_folder_is_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert cache_folder() == tmp_path / "cache" / "raspc"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache_folder() == tmp_path / ".cache" / "raspc"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder() == tmp_path / "Library" / "Caches" / "raspc"


def test_the_parser_is_made_once() -> None:
    assert grammar() is grammar()
