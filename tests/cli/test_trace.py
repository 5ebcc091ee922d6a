"""`raspc trace` at a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

Call = Callable[..., CompletedProcess[str]]

TWO = """set vocab "ab";
set max_length 4;
count = selector_width(select(tokens, tokens, ==));
first = tokens[0];
count;
"""


def test_a_session(session: Callable[..., str], golden: Callable[..., None]) -> None:
    commands = """
        raspc compile two.rasp --entry count --entry first
        raspc trace two.safetensors abba
        raspc trace two.manifest.json a b --entry first
        raspc trace two.safetensors abc
        raspc trace two.safetensors abbab
        raspc trace two.safetensors ""
        raspc trace two.safetensors ab --entry frist
        raspc trace absent.safetensors a
    """
    golden(session(commands, {"two.rasp": TWO}))


def test_json(call: Call, tmp_path: Path) -> None:
    (tmp_path / "two.rasp").write_text(TWO)
    assert call("compile", "two.rasp", folder=tmp_path).returncode == 0
    result = call("trace", "two.safetensors", "abb", "--json", folder=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    document = json.loads(result.stdout)
    count = next(sop for sop in document["sops"] if sop["name"] == "count")
    assert count["model"] == count["interpreter"] == [1, 2, 2]
    assert (count["stage"], count["line"], count["agrees"]) == ("layer 0 attention", 3, True)


def test_no_tokens_is_a_usage_error(call: Call) -> None:
    assert call("trace", "x.safetensors").returncode == 2
