"""One model with several outputs: each equals that of a model of its own, and shared nodes are built once."""

from __future__ import annotations

from pathlib import Path

import pytest
import raspc
from raspc.compiler.interpret.sample_inputs import all_inputs

TEXT = """set vocab "abc"; set max_length 5;
same = select(tokens, tokens, ==);
before = select(indices, indices, <);
hist = selector_width(same);
earlier = selector_width(same and before);
is_first = earlier == 0;
is_only = hist == 1;
reverse = tokens[length - indices - 1];
is_end = indices == length - 1;
twice = hist == 2 and is_first;
"""


def heads(compiled: raspc.Compiled) -> int:
    return sum(len(layer.heads) for layer in compiled.manifest.layers)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize(
    ("entries", "shared"),
    [
        (("hist", "is_only", "twice"), 2),  # the count of equal tokens, in all three
        (("reverse", "is_end"), 1),  # the length
        (("is_first", "twice"), 1),
    ],
)
def test_heads_are_shared(entries: tuple[str, ...], shared: int, causal: bool, small: bool) -> None:
    together = raspc.compile(TEXT, entry=entries, causal=causal, small=small)
    apart = [raspc.compile(TEXT, entry=entry, causal=causal, small=small) for entry in entries]
    assert heads(together) == sum(map(heads, apart)) - shared
    assert [output.name for output in together.manifest.outputs] == list(entries)
    model = together.model(device="cpu")
    inputs = list(all_inputs("abc", 5))
    results = model.run_outputs(inputs)
    for entry, alone in zip(entries, apart, strict=True):
        expected = [raspc.interpret(TEXT, tokens, entry=entry, causal=causal) for tokens in inputs[::7]]
        assert [values[entry] for values in results[::7]] == expected
        assert alone.model(device="cpu").run_batch(inputs) == [values[entry] for values in results]


def test_outputs_by_name() -> None:
    model = raspc.compile(TEXT, entry=["hist", "reverse", "hist"]).model(device="cpu")
    assert model.outputs == ("hist", "reverse")
    assert model.run("aab") == [2, 2, 1]
    assert model.run("aab", output="reverse") == ["b", "a", "a"]
    assert model.run_outputs(["aab", ""]) == [
        {"hist": [2, 2, 1], "reverse": ["b", "a", "a"]},
        {"hist": [], "reverse": []},
    ]
    assert model.run_outputs(["b"], ["reverse"]) == [{"reverse": ["b"]}]
    with pytest.raises(raspc.RaspError, match="the model has no output `is_end`"):
        model.run_outputs(["b"], ["hist", "is_end"])


def test_one_expression_under_two_names() -> None:
    text = 'set vocab "ab"; set max_length 3; a = indices == 0; b = indices == 0; c = indices + 0;'
    model = raspc.compile(text, entry=["a", "b", "c"]).model(device="cpu")
    first = [True, False]
    assert model.run_outputs(["ab"]) == [{"a": first, "b": first, "c": [0, 1]}]


def test_files_keep_all_outputs(tmp_path: Path) -> None:
    files = raspc.compile(TEXT, entry=["hist", "is_end"]).save(tmp_path / "two.safetensors")
    assert raspc.load(files.manifest, device="cpu").run("ab", "is_end") == [False, True]
