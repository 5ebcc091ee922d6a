"""Folders for transformers: loaded without raspc and without a network, they give the model's answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from raspc.compiler.artifact.model_files import CompiledModel
from raspc.compiler.graph.values import Scalar
from raspc.compiler.interpret.sample_inputs import sampled_inputs
from raspc.interop import export_hugging_face
from raspc.interop.hugging_face.export import FILES
from raspc.interop.tokenizer import token_texts
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.runner.model import Model
from raspc.tests.interop.models import NAMES, NUMBERS, RANDOM, compiled
from raspc.tests.support.handmade import FRACTION_ROUNDINGS, awkward, logits
from raspc.tests.support.rounding import assert_same_logits, rounding_bound

pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def auto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """`transformers`, which copies the folder's code below HF_HOME before it runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("HF_HOME", str(tmp_path_factory.mktemp("hf")))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its own affair
            import transformers
            import transformers.dynamic_module_utils as dynamic

            patch.setattr(dynamic, "HF_MODULES_CACHE", str(tmp_path_factory.mktemp("modules")))
            patch.setattr(sys, "path", list(sys.path))
            logging: Any = transformers.utils.logging
            logging.set_verbosity_error()
            logging.disable_progress_bar()
            yield transformers


def _text(tokens: Sequence[Scalar], model: CompiledModel) -> str:
    texts = token_texts(model.manifest.vocabulary)
    between = "" if all(len(text) == 1 for text in texts) else " "
    return between.join(texts[model.manifest.vocabulary.index(token)] for token in tokens)


def _load(auto: Any, model: CompiledModel, folder: Path) -> tuple[Any, Any]:
    export_hugging_face(model, folder)
    loaded = auto.AutoModel.from_pretrained(folder, trust_remote_code=True)
    return loaded, auto.AutoTokenizer.from_pretrained(folder, trust_remote_code=True)


@pytest.mark.parametrize("name", NAMES)
def test_answers(auto: Any, name: str, tmp_path: Path) -> None:
    model = Model(compiled(name), "cpu")
    loaded, tokenizer = _load(auto, compiled(name), tmp_path / "folder")
    inputs = sampled_inputs(model.vocabulary, model.manifest.max_length, 60)[:200]
    batch = tokenizer([_text(tokens, compiled(name)) for tokens in inputs], padding=True, return_tensors="pt")
    with torch.inference_mode():
        found = loaded(**batch).logits
        unmasked = loaded(batch["input_ids"]).logits
    ids, lengths = model.encode(inputs)
    given = batch["attention_mask"].bool()
    assert torch.equal(batch["input_ids"][given], ids[given])
    assert torch.equal(found, unmasked)
    with torch.inference_mode():
        assert torch.equal(found[given], model(ids, lengths)[given])  # the same operations on the same shapes
    for output in model.manifest.outputs:
        answers = loaded.decode(found, batch["attention_mask"], output.name)
        right = model.run_batch(inputs, output.name)
        if output.decode.kind == "number":
            assert output.error is not None
            for row, right_row in zip(answers, right, strict=True):
                assert row == pytest.approx([float(value) for value in right_row], rel=0, abs=2 * output.error)
        elif not output.may_be_undefined:
            assert answers == right
            assert [list(map(type, row)) for row in answers] == [list(map(type, row)) for row in right]


@pytest.mark.parametrize("name", RANDOM)
def test_logits_patterns_and_states(auto: Any, name: str, tmp_path: Path) -> None:
    model = RANDOM[name]
    loaded, tokenizer = _load(auto, model, tmp_path / "folder")
    inputs = ["abcabc", "ccab", "b"]
    for side in ("right", "left"):
        tokenizer.padding_side = side
        batch = tokenizer(inputs, padding=True, return_tensors="pt")
        with torch.inference_mode():
            found = loaded(**batch, output_hidden_states=True, output_attentions=True)
        for row, tokens in enumerate(inputs):
            row_mask = batch["attention_mask"][row].bool()
            assert_same_logits(model, tokens, found.logits[row][row_mask], logits(model, tokens))
    assert [state.shape for state in found.hidden_states] == [(3, 7, 7)] * 4
    assert torch.equal(found.hidden_states[-1], found.last_hidden_state)
    shapes = [None if pattern is None else tuple(pattern.shape) for pattern in found.attentions]
    assert shapes == [(3, 2, 7, 7), None, (3, 1, 7, 7)]
    with pytest.raises(ValueError, match="longer than 6 tokens"):
        loaded(torch.zeros(1, 8, dtype=torch.int64))


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(auto: Any, name: str, tmp_path: Path) -> None:
    loaded, tokenizer = _load(auto, NUMBERS[name], tmp_path / "folder")
    model = Model(NUMBERS[name], "cpu")
    inputs = ["aab", "b", "abbabab"]
    batch = tokenizer(inputs, padding=True, return_tensors="pt")
    answers, right = loaded.decode(loaded(**batch).logits, batch["attention_mask"]), model.run_batch(inputs)
    if name == "float":
        bound = rounding_bound(FRACTION_ROUNDINGS, 1.0, "float32")
        assert [pytest.approx(row, rel=0, abs=bound) for row in right] == answers
    else:
        assert answers == right
        assert [list(map(type, row)) for row in answers] == [list(map(type, row)) for row in right]


def test_labels(auto: Any, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    _, tokenizer = _load(auto, compiled("several"), folder)
    labeller = auto.AutoModelForTokenClassification.from_pretrained(folder, trust_remote_code=True)
    assert labeller.config.id2label == dict(enumerate("abcd"))
    pipe = auto.pipeline("token-classification", model=labeller, tokenizer=tokenizer)
    assert [found["entity"] for found in pipe("abca")] == ["a", "c", "b", "a"]
    batch = tokenizer("abd", return_tensors="pt")
    labels = torch.tensor([[-100, 3, 1, 0]])
    right, wrong = (labeller(**batch, labels=given).loss.item() for given in (labels, labels.roll(1)))
    assert 0 < right < wrong
    again = tmp_path / "again"
    labeller.save_pretrained(again)
    reloaded = auto.AutoModel.from_pretrained(again, trust_remote_code=True)
    assert reloaded.decode(reloaded(**batch).logits) == [["d", "b", "a"]]


def test_without_raspc_and_without_a_network(tmp_path: Path) -> None:
    """One process of its own, in which raspc cannot be imported."""
    export_hugging_face(compiled("paper/sort"), tmp_path / "sort")
    script = """
import sys
sys.modules["raspc"] = None
from transformers import AutoModel, AutoTokenizer
model = AutoModel.from_pretrained("sort", trust_remote_code=True)
tokenizer = AutoTokenizer.from_pretrained("sort", trust_remote_code=True)
batch = tokenizer(["3 1 2", "98770"], padding=True, return_tensors="pt")
print(model.decode(model(**batch).logits, batch["attention_mask"]))
"""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout == "[[1, 2, 3], [0, 7, 7, 8, 9]]\n", done.stderr


def test_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    export_hugging_face(compiled("paper/sort"), folder)
    assert sorted(os.listdir(folder)) == sorted(FILES)
    before = {name: (folder / name).read_bytes() for name in FILES}
    export_hugging_face(Model(compiled("paper/sort"), "cpu"), folder)
    assert {name: (folder / name).read_bytes() for name in FILES} == before
    assert "raspc" not in {
        line.split()[1] for line in before["modeling_raspc.py"].decode().splitlines() if "import " in line
    }
    assert "aggregate(select(target, indices, ==), tokens);" in before["README.md"].decode()
    (folder / "notes").touch()
    with pytest.raises(RaspError, match="holds other files, such as `notes`"):
        export_hugging_face(compiled("paper/sort"), folder)


def test_difficult_texts(tmp_path: Path) -> None:
    export_hugging_face(awkward(), tmp_path / "folder")
    assert json.loads((tmp_path / "folder" / "config.json").read_text())["vocabulary"][3] == {"fraction": ["1", "3"]}
