"""The published JSON Schema and the reader agree on what a manifest is."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raspc.compiler.artifact import manifest as manifest_module
from raspc.compiler.artifact.json_shapes import StructureError, shape_of
from raspc.compiler.artifact.manifest import Manifest, WeightsRecord, from_json, schema, to_json
from raspc.compiler.artifact.model_files import expected_shapes, write
from raspc.tests.support.handmade import MODELS

SCHEMA = json.loads(Path(manifest_module.__file__).with_name("manifest.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def document_of(name: str) -> dict[str, Any]:
    """A whole manifest, as plain JSON values."""
    manifest = MODELS[name].manifest
    shapes = expected_shapes(manifest)
    document = to_json(manifest)
    document["weights"] = shape_of(WeightsRecord).write(
        WeightsRecord("m.safetensors", "0" * 64, sum(map(math.prod, shapes.values())), shapes)
    )
    return document


DOCUMENTS = {name: document_of(name) for name in MODELS}


def test_the_published_schema_is_that_of_the_records() -> None:
    """To accept a change: python -m raspc.compiler.artifact.manifest > compiler/artifact/manifest.schema.json"""
    assert schema() == SCHEMA


def test_the_published_schema_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_describes_every_field() -> None:
    records = {"Manifest": SCHEMA} | SCHEMA["$defs"]
    for name, record in records.items():
        assert record["description"], name
        for field, form in record.get("properties", {}).items():
            assert "description" in form or "$ref" in str(form) or "const" in form, f"{name}.{field}"


@pytest.mark.parametrize("name", MODELS)
def test_written_manifests_are_valid(name: str, tmp_path: Path) -> None:
    document = json.loads(write(MODELS[name], tmp_path / "m.safetensors").manifest.read_text())
    VALIDATOR.validate(document)
    assert to_json(from_json(document)) == document


#: No `1.0`: a JSON Schema takes it for an integer, and raspc, whose integers never look so, does not.
VALUES: list[object] = [
    *(None, True, False, 0, 1, 2, -1, 2**53, 2**53 + 1, -(2**53) - 1, 0.5, -0.5, 1e301),
    *("", "a", "class", "number", "bos", "0" * 64, "0" * 63 + "g", "\n" + "0" * 64),
    *([], [0], ["a"], [-1], [0.5], [2**54], [[]], [{}], ["a", {"fraction": ["1", "3"]}, True, 3]),
    *(
        {},
        {"a": 1},
        {"a": True},
        {"a": [3, 4]},
        {"kind": "class", "values": []},
        {"kind": "class", "values": [0.5]},
    ),
    {"kind": "number", "max_denominator": None, "lowest": True, "highest": "", "error": 0.5, "values": None},
    {"kind": "number", "max_denominator": 0, "lowest": True, "highest": "", "error": 0.5, "values": None},
    *({"int": str(2**53 + 1)}, {"int": "12"}, {"int": "x"}, {"int": 3}),
    *({"fraction": ["1", "3"]}, {"fraction": ["1", "1"]}, {"fraction": ["1"]}, {"fraction": ["-1", "3", "5"]}),
    *({"fraction": ["1", "-3"]}, {"fraction": "1/3"}, {"fraction": ["0", "3"]}, {"fraction": ["-5", "12"]}),
    *({"float": "0x1.8000000000000p+1"}, {"float": "0.5"}, {"float": "inf"}, {"float": 0.5}, {"float": "0x0.0p+0"}),
    {"int": str(2**53 + 1), "float": "0x1.8000000000000p+1"},
]


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Any]:
    """A manifest with one value somewhere in it replaced, removed, or added."""
    document = copy.deepcopy(DOCUMENTS[draw(st.sampled_from(sorted(DOCUMENTS)))])
    place: Any = document
    while True:
        keys = sorted(place) if isinstance(place, dict) else list(range(len(place)))
        key = draw(st.sampled_from(keys))
        if not isinstance(place[key], (dict, list)) or len(place[key]) == 0 or draw(st.integers(0, 3)) == 0:
            break
        place = place[key]
    match draw(st.sampled_from(["replace", "replace", "remove", "add"])):
        case "replace":
            place[key] = draw(st.sampled_from(VALUES))
        case "remove":
            del place[key]
        case "add" if isinstance(place, dict):
            place[draw(st.sampled_from(["extra", "kind", "int", "fraction"]))] = draw(st.sampled_from(VALUES))
        case _:
            place.append(draw(st.sampled_from(VALUES)))
    return document


def agree(document: dict[str, Any]) -> bool:
    """Whether a document is a manifest, in the opinion of both."""
    try:
        shape_of(Manifest).read(document)
    except StructureError as error:
        valid, message = False, str(error)
    else:
        valid, message = True, ""
    assert message.isprintable()
    assert VALIDATOR.is_valid(document) == valid, message
    return valid


@settings(deadline=None, max_examples=1000)
@given(damaged())
def test_schema_and_reader_agree(document: dict[str, Any]) -> None:
    agree(document)


def test_schema_and_reader_agree_on_every_value_at_every_place() -> None:
    """Every place of one manifest (the first of every list), every value of the table."""
    verdicts = [
        agree(_replaced(DOCUMENTS["fraction"], path, value))
        for path in _paths(DOCUMENTS["fraction"])
        for value in VALUES
    ]
    assert len(verdicts) > 5000
    assert 0.02 < sum(verdicts) / len(verdicts) < 0.4


def _paths(value: object) -> Iterator[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, element in inside:
        yield (key,)
        for path in _paths(element):
            yield (key, *path)


def _replaced(value: Any, path: tuple[Any, ...], new: object) -> Any:
    if path == ():
        return new
    copied = value.copy()
    copied[path[0]] = _replaced(value[path[0]], path[1:], new)
    return copied
