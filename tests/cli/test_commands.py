"""Sessions at a terminal, with everything they print: one golden file each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Call = Callable[..., CompletedProcess[str]]

Session = Callable[..., str]

REVERSE = """set vocab "abc";
set max_length 4;
tokens[length - indices - 1];
"""

NUMBERS = """set vocab range(4);
set max_length 3;
half = tokens / 2;
is_last = indices == length - 1;
before = aggregate(select(indices, indices, <=), tokens);
half;
"""

INVERSE = """set vocab range(3);
set max_length 3;
inverse = 1 / tokens;
inverse;
"""

MIXED = """set vocab ["<", "-", 1, 0.5, False];
set max_length 5;
tokens;
"""

WRONG = """a = select(tokens, tokens = 1, ==);
b = c + 1;
"""

UNDECLARED = "tokens[length - indices - 1];\n"

WARNS = """set vocab "ab";
set max_length 2;
x = tokens == "a" or indices == 0 and length == 1;
x;
"""

CONTINUE = """set vocab "abc.";
set max_length 6;
before = shift(tokens, 1, "");
follows = select(before, tokens, ==) and select(indices, indices, <=);
seen = selector_width(follows);
occurrence = selector_width(select(before, before, ==) and select(indices, indices, <=));
following = aggregate(follows and select(occurrence, seen, ==), tokens, ".");
all = selector_width(full_s);
following;
"""

FILES: dict[str, str | bytes] = {
    "continue.rasp": CONTINUE,
    "reverse.rasp": REVERSE,
    "numbers.rasp": NUMBERS,
    "inverse.rasp": INVERSE,
    "mixed.rasp": MIXED,
    "wrong.rasp": WRONG,
    "undeclared.rasp": UNDECLARED,
    "warns.rasp": WARNS,
    "latin.rasp": "x = 'é';".encode("latin-1"),
    "inputs.jsonl": b'["a", "b"]\n\n["c"]\nnot json\n["a", "x"]\n["a", "a", "a", "a", "b"]\n[]\n["c", "b"]',
    "numbers.jsonl": b"[1, 2, 3]\n[0]\n[1.0, true]\n",
    "continue.jsonl": b'["a", "b", "a"]\n["c"]\n[]\n["a", "b", "c", "a", "b"]\n["x"]\n',
    "inverse.jsonl": b"[1, 2]\n[2, 0]\n[2]\n",
}

SESSIONS = {
    "eval words": """
        raspc eval reverse.rasp a b c
        raspc eval reverse.rasp abca
        raspc eval reverse.rasp ""
        raspc eval numbers.rasp 1 2 3
        raspc eval numbers.rasp 123
        raspc eval mixed.rasp 0.5 1 false "<"
        raspc eval mixed.rasp -- - "<"
    """,
    "eval options": """
        raspc eval numbers.rasp 1 2 3 --entry is_last
        raspc eval numbers.rasp 1 2 3 --entry before
        raspc eval numbers.rasp 0 2 3 --causal --entry before
        raspc eval numbers.rasp 1 2 3 --entry lost
        raspc eval undeclared.rasp xyz
        raspc eval reverse.rasp xyz --vocab '"xyz"'
        raspc eval reverse.rasp x yy --vocab '["x", "yy"]'
        raspc eval reverse.rasp 10 7 --vocab 'range(11)'
        raspc eval reverse.rasp x --vocab 'range('
        raspc eval reverse.rasp x --vocab 'tokens'
        raspc eval reverse.rasp aaaaaa --max-length 6
    """,
    "eval refusals": """
        raspc eval reverse.rasp a x
        raspc eval reverse.rasp aaaaa
        raspc eval inverse.rasp 1 0
        raspc eval missing.rasp a
        raspc eval . a
        raspc eval latin.rasp a
        raspc eval wrong.rasp a
        raspc eval reverse.rasp a x --json
        raspc eval wrong.rasp a --json
    """,
    "eval lines": """
        raspc eval reverse.rasp --input inputs.jsonl
        raspc eval reverse.rasp --input inputs.jsonl --json
        raspc eval numbers.rasp --input numbers.jsonl
        raspc eval inverse.rasp --input inverse.jsonl
        raspc eval reverse.rasp --input -
        raspc eval reverse.rasp --input missing.jsonl
    """,
    "check": """
        raspc check reverse.rasp numbers.rasp
        raspc check warns.rasp
        raspc check wrong.rasp missing.rasp reverse.rasp
        raspc check wrong.rasp warns.rasp --json
    """,
    "compile refusals": """
        raspc compile wrong.rasp
        raspc compile undeclared.rasp
        raspc compile undeclared.rasp --vocab '"ab"'
        raspc compile reverse.rasp --max-params 10
        raspc compile reverse.rasp -o model.bin
        raspc compile reverse.rasp -o nowhere/model.safetensors
        raspc compile reverse.rasp --entry lost
        raspc compile missing.rasp --emit ast
        raspc compile wrong.rasp --emit ast
    """,
    "run": """
        raspc compile reverse.rasp
        raspc run reverse.safetensors a b c
        raspc run reverse.manifest.json abca
        raspc run reverse.safetensors ""
        raspc run reverse.safetensors a x
        raspc run reverse.safetensors aaaaa
        raspc run reverse.safetensors --input inputs.jsonl
        raspc run reverse.safetensors --input inputs.jsonl --batch 1 --dtype float64 --device cpu
        raspc run reverse.safetensors --input -
        raspc run missing.safetensors a
        raspc run reverse.rasp a
        raspc compile numbers.rasp -o n.safetensors --entry is_last
        raspc run n.safetensors 1 2 3
        raspc compile numbers.rasp -o n.safetensors
        raspc run n.safetensors --input numbers.jsonl
    """,
    "several outputs": """
        raspc compile numbers.rasp --entry before --entry is_last
        raspc run numbers.safetensors 1 2 3
        raspc run numbers.safetensors 1 2 3 --entry is_last
        raspc run numbers.safetensors --input numbers.jsonl --entry is_last
        raspc run numbers.safetensors 1 2 3 --entry lost
        raspc run numbers.safetensors --input numbers.jsonl
        raspc run numbers.safetensors ""
        raspc verify numbers.safetensors
        raspc eval numbers.rasp 1 2 3 --entry before --entry is_last
        raspc eval numbers.rasp --input numbers.jsonl --entry before --entry is_last
    """,
    "generate": """
        raspc compile continue.rasp --causal
        raspc run continue.safetensors abcab --generate 1
        raspc run continue.safetensors ab --generate 3
        raspc run continue.safetensors aba --generate 9
        raspc run continue.safetensors aba --generate 9 --json
        raspc run continue.safetensors abcabc --generate 2
        raspc run continue.safetensors abcabca --generate 2
        raspc run continue.safetensors "" --generate 2
        raspc run continue.safetensors --input continue.jsonl --generate 3
        raspc compile continue.rasp --causal --entry following --entry all -o two.safetensors
        raspc run two.safetensors aba --generate 2
        raspc run two.safetensors aba --generate 2 --entry all
        raspc compile continue.rasp -o two.safetensors
        raspc run two.safetensors aba --generate 2
        raspc run two.safetensors --input continue.jsonl --generate 2
    """,
    "causal": """
        raspc compile reverse.rasp --causal
        raspc run reverse.safetensors abc
        raspc eval reverse.rasp abc --causal
        raspc verify reverse.safetensors
        raspc compile numbers.rasp --causal --entry before
        raspc compile numbers.rasp --causal --entry is_last
    """,
    "verify": """
        raspc compile reverse.rasp
        raspc verify reverse.safetensors
        raspc verify reverse.manifest.json --samples 50 --seed 3
        raspc verify reverse.safetensors --exhaustive --json
        raspc verify reverse.safetensors --time-limit 0.000001
        raspc compile inverse.rasp
        raspc compile inverse.rasp --werror -o other.safetensors
        raspc check inverse.rasp --werror
        raspc verify inverse.safetensors
        raspc verify missing.safetensors
    """,
}


@pytest.mark.parametrize("name", SESSIONS)
def test_session(session: Callable[..., str], golden: Callable[..., None], name: str) -> None:
    golden(session(SESSIONS[name], FILES, stdin=b'["b", "a"]\n[1]\n'))


def _compile(call: Call, folder: Path, text: str, *options: str) -> Path:
    (folder / "program.rasp").write_text(text)
    result = call("compile", "program.rasp", *options, folder=folder)
    assert (result.returncode, result.stderr) == (0, "")
    return folder / "program.safetensors"


def test_compile_writes_only_the_pair(call: Call, tmp_path: Path) -> None:
    _compile(call, tmp_path, REVERSE)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"program.rasp", "program.safetensors", "program.manifest.json"}


def test_compile_is_reproducible(call: Call, tmp_path: Path) -> None:
    first = _compile(call, tmp_path, NUMBERS)
    before = first.read_bytes(), first.with_suffix(".manifest.json").read_bytes()
    _compile(call, tmp_path, NUMBERS)
    assert before == (first.read_bytes(), first.with_suffix(".manifest.json").read_bytes())


def test_compile_summary_in_json(call: Call, tmp_path: Path) -> None:
    (tmp_path / "x.rasp").write_text(REVERSE)
    result = call("compile", "x.rasp", "--json", "-o", "y.safetensors", folder=tmp_path)
    summary = json.loads(result.stdout)
    assert summary.pop("seconds") > 0
    manifest = json.loads((tmp_path / "y.manifest.json").read_text())
    assert summary == {
        "weights": "y.safetensors",
        "manifest": "y.manifest.json",
        "layers": len(manifest["layers"]),
        "heads": sum(len(layer["heads"]) for layer in manifest["layers"]),
        "neurons": sum(group["count"] for layer in manifest["layers"] for group in layer["neurons"]),
        "d_model": manifest["d_model"],
        "parameters": manifest["weights"]["parameters"],
    }


@pytest.mark.parametrize("stage", ["ast", "graph", "blocks", "layers"])
def test_emit_prints_a_stage_and_writes_nothing(call: Call, tmp_path: Path, stage: str) -> None:
    (tmp_path / "x.rasp").write_text(REVERSE)
    result = call("compile", "x.rasp", "--emit", stage, folder=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.endswith("\n")
    assert not result.stdout.endswith("\n\n")
    assert len(result.stdout.splitlines()) > 1
    assert [path.name for path in tmp_path.iterdir()] == ["x.rasp"]


def test_options_reach_the_compiler(call: Call, tmp_path: Path) -> None:
    model = _compile(
        call,
        tmp_path,
        'set vocab "abc"; set max_length 4; shift(tokens, 1, "-");',
        "--causal",
        "--uniform",
        "-Os",
        "--vocab",
        '"xyz"',
        "--max-length",
        "3",
        "--max-params",
        "9999",
    )
    manifest = json.loads(model.with_suffix(".manifest.json").read_text())
    assert manifest["compiler"]["options"] == {
        "small": True,
        "uniform": True,
        "causal": True,
        "max_parameters": 9999,
    }
    assert (manifest["vocabulary"], manifest["max_length"], manifest["causal"]) == (["x", "y", "z"], 3, True)


def test_inspect(call: Call, tmp_path: Path) -> None:
    model = _compile(call, tmp_path, REVERSE)
    result = call("inspect", str(model))
    assert (result.returncode, result.stderr) == (0, "")
    assert max(map(len, result.stdout.removeprefix(str(model)).splitlines())) <= 80
    assert "layer 0: " in result.stdout
    document = json.loads(call("inspect", str(model), "--json").stdout)
    manifest = json.loads(model.with_suffix(".manifest.json").read_text())
    assert document["sizes"]["parameters"] == manifest["weights"]["parameters"]
    assert document["directions"] == manifest["directions"]


def test_verify_finds_a_wrong_weight(call: Call, tmp_path: Path) -> None:
    """A model whose output logits are crossed, in files that are otherwise genuine."""
    import numpy as np
    from raspc.compiler.artifact.model_files import CompiledModel, read, write

    model = read(_compile(call, tmp_path, REVERSE))
    tensors = dict(model.tensors)
    tensors["unembed.W_U"] = np.ascontiguousarray(np.roll(tensors["unembed.W_U"], 1, axis=1))
    tensors["unembed.b_U"] = np.ascontiguousarray(np.roll(tensors["unembed.b_U"], 1))
    write(CompiledModel(tensors, model.manifest), tmp_path / "wrong.safetensors")
    result = call("verify", "wrong.safetensors", folder=tmp_path)
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert lines[2] == "  they differ on: a"
    assert lines[3] == "  at position 0 the model gives b, the interpreter a"
    assert "the model differs from its program `program.rasp` [model-differs]" in result.stderr
    summary = json.loads(call("verify", "wrong.safetensors", "--json", folder=tmp_path).stdout)
    assert summary["counterexample"] == {"input": ["a"], "position": 0, "model": "b", "interpreter": "a"}


def test_verify_needs_no_other_files(call: Call, tmp_path: Path) -> None:
    """The loaded library is in the manifest: the folder may be gone."""
    (tmp_path / "library.rasp").write_text("def twice(x) { return x + x; }")
    model = _compile(call, tmp_path, 'load "library";\nset vocab range(3);\nset max_length 3;\ntwice(tokens);\n')
    (tmp_path / "library.rasp").unlink()
    (tmp_path / "program.rasp").unlink()
    assert call("verify", str(model)).returncode == 0


MEAN = "set vocab range(100); set max_length 8; aggregate(select(indices, indices, <=), tokens);\n"

WORDS = """set vocab ["BOS", " ", "", "10", 10, "a b"];
set max_length 6;
aggregate(select(indices, indices - 1, ==), tokens, "-");
"""


def test_results_can_be_told_apart(session: Session) -> None:
    """Tokens with blanks, empty ones, and 10 beside "10"."""
    text = session(
        """
        raspc compile words.rasp
        raspc eval words.rasp "a b" "" " " BOS
        raspc run words.safetensors "a b" "" " " BOS
        raspc eval words.rasp "a b" "" " " BOS --json
        raspc run words.safetensors "a b" "" " " BOS --json
        """,
        {"words.rasp": WORDS},
    )
    assert text.count('\n- "a b" "" " "\n') == 2
    assert text.count('\n["-", "a b", "", " "]\n') == 2


def test_blank_lines_of_inputs_keep_their_place(session: Session) -> None:
    for command in ("raspc eval reverse.rasp --input -", "raspc run reverse.safetensors --batch 2 --input -"):
        text = session(
            f"raspc compile reverse.rasp\n{command}",
            {"reverse.rasp": REVERSE},
            stdin=b'\n["a"]\n\n \n["b", "c"]\n["c"]\n\n',
        )
        assert '\n\n["a"]\n\n\n["c", "b"]\n["c"]\n\n--- exit' in text


def test_a_number_within_its_bound_is_right_everywhere(call: Call, tmp_path: Path) -> None:
    (tmp_path / "mean.rasp").write_text(MEAN)
    for line in ("compile mean.rasp", "verify mean.safetensors --samples 50", "report mean.safetensors 1 2 4"):
        assert call(*line.split(), folder=tmp_path).returncode == 0, line
    traced = call("trace", "mean.safetensors", "1", "2", "4", folder=tmp_path)
    assert (traced.returncode, "differ" in traced.stdout) == (0, False)
    run = call("run", "mean.safetensors", "1", "2", "4", folder=tmp_path)
    assert run.stdout.startswith("1 1.5 2.333")
    assert 'class="differs"' not in (tmp_path / "mean.html").read_text()
