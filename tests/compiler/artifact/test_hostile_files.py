"""Files that are not a model's: each kind gives one diagnostic on one line, and a hint."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raspc.compiler.artifact import model_files as artifact
from raspc.compiler.artifact import weights_file
from raspc.compiler.artifact.model_files import CompiledModel, read, write
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.tests.support.handmade import identity, random_model, same

WEIGHTS, MANIFEST = Path("m.safetensors"), Path("m.manifest.json")
Document = dict[str, Any]


def edit_manifest(change: Callable[[Document], object]) -> None:
    document = json.loads(MANIFEST.read_text())
    change(document)
    MANIFEST.write_text(json.dumps(document))


def edit_header(change: Callable[[Document], object]) -> None:
    data = WEIGHTS.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    document = json.loads(data[8:start])
    change(document)
    text = json.dumps(document).encode()
    WEIGHTS.write_bytes(len(text).to_bytes(8, "little") + text + data[start:])


def packed(header: bytes, numbers: bytes = b"") -> bytes:
    """A safetensors file of a header and the bytes after it."""
    return len(header).to_bytes(8, "little") + header + numbers


def edit_metadata(**changes: object) -> None:
    def change(header: Document) -> None:
        header["__metadata__"]["raspc"] = json.dumps(json.loads(header["__metadata__"]["raspc"]) | changes)

    edit_header(change)


def edit_tensors(change: Callable[[dict[str, Any]], object]) -> None:
    """Write the weights file again with other tensors and the metadata that it had."""
    found = weights_file.read(WEIGHTS)
    tensors = dict(found.tensors)
    change(tensors)
    WEIGHTS.write_bytes(safetensors.numpy.save(tensors, dict(found.metadata)))


def edit_numbers(change: Callable[[bytearray], object]) -> None:
    data = bytearray(WEIGHTS.read_bytes())
    change(data)
    WEIGHTS.write_bytes(data)


def replace(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink()
    make(path)


def other_model(**options: Any) -> None:
    """Replace the weights by those of another model."""
    write(random_model(**options), Path("other.safetensors"))
    shutil.move("other.safetensors", WEIGHTS)


HOSTILE: dict[str, tuple[Callable[[], object], str]] = {
    # -- missing and unreadable files
    "no weights": (
        lambda: WEIGHTS.unlink(),
        "there is no file `m.safetensors` [M001] hint: check the name",
    ),
    "no manifest": (
        lambda: MANIFEST.unlink(),
        "there is no file `m.manifest.json` [M002] hint: copy both files, or compile again",
    ),
    "weights are a folder": (
        lambda: replace(WEIGHTS, Path.mkdir),
        "cannot read `m.safetensors`: it is not a regular file [M001] hint: name a model's file",
    ),
    "manifest is a pipe": (
        lambda: replace(MANIFEST, os.mkfifo),
        "cannot read `m.manifest.json`: it is not a regular file [M001] hint: name a model's file",
    ),
    "manifest is a broken link": (
        lambda: replace(MANIFEST, lambda path: path.symlink_to("nowhere")),
        "cannot read `m.manifest.json`: no such file or directory [M001] hint: name a file that you may read",
    ),
    "weights are a link to themselves": (
        lambda: replace(WEIGHTS, lambda path: path.symlink_to(path)),
        "cannot read `m.safetensors`: too many levels of symbolic links [M001] hint: name a file that you may read",
    ),
    "manifest is a terabyte": (
        lambda: os.truncate(MANIFEST, 2**40),
        "`m.manifest.json` is too large: 1099511627776 bytes, at most 67108864 [M001] hint: compile the program again",
    ),
    "weights are a terabyte": (
        lambda: os.truncate(WEIGHTS, 2**40),
        "`m.safetensors` is too large: 1099511627776 bytes, at most 100002400 [M001] hint: compile the program again",
    ),
    # -- manifests that are not JSON
    "empty manifest": (
        lambda: MANIFEST.write_bytes(b""),
        "`m.manifest.json` is not JSON: line 1, column 1: expecting value [M010] hint: compile the program again",
    ),
    "truncated manifest": (
        lambda: os.truncate(MANIFEST, 30),
        "`m.manifest.json` is not JSON: line 3, column 2: unterminated string starting at [M010] "
        "hint: compile the program again",
    ),
    "binary manifest": (
        lambda: MANIFEST.write_bytes(b"{\xff\x00}"),
        "`m.manifest.json` is not JSON: byte 1 is not UTF-8 [M010] hint: compile the program again",
    ),
    "NaN in the manifest": (
        lambda: MANIFEST.write_text('{"a": NaN}'),
        "`m.manifest.json` is not JSON: `NaN` is not a JSON number [M010] hint: compile the program again",
    ),
    "key twice": (
        lambda: MANIFEST.write_text('{"format": "raspc", "format": "raspc"}'),
        "`m.manifest.json` is not JSON: the key 'format' twice in one object [M010] hint: compile the program again",
    ),
    "a long number": (
        lambda: MANIFEST.write_text("1" * 100_000),
        "`m.manifest.json` is not JSON: an integer of 100000 characters [M010] hint: compile the program again",
    ),
    "deep nesting": (
        lambda: MANIFEST.write_text("[" * 1_000_000),
        "`m.manifest.json` is not JSON: lists or objects nested too deeply [M010] hint: compile the program again",
    ),
    # -- manifests of something else
    "a list": (
        lambda: MANIFEST.write_text("[]"),
        "`m.manifest.json` is not the manifest of a raspc model [M011] hint: name a model's file",
    ),
    "another format": (
        lambda: edit_manifest(lambda document: document.update(format="tracr")),
        "`m.manifest.json` is not the manifest of a raspc model [M011] hint: name a model's file",
    ),
    "an earlier version": (
        lambda: edit_manifest(lambda document: document.update(format_version=1)),
        "`m.manifest.json` is in version 1 of the format; this raspc reads version 2 [M012] "
        "hint: compile the program again, or use the raspc that wrote the file",
    ),
    "a later version": (
        lambda: edit_manifest(lambda document: document.update(format_version=3)),
        "`m.manifest.json` is in version 3 of the format; this raspc reads version 2 [M012] "
        "hint: compile the program again, or use the raspc that wrote the file",
    ),
    "true for a version": (
        lambda: edit_manifest(lambda document: document.update(format_version=True)),
        "`m.manifest.json` is in version True of the format; this raspc reads version 2 [M012] "
        "hint: compile the program again, or use the raspc that wrote the file",
    ),
    # -- manifests of the wrong shape
    "a field is missing": (
        lambda: edit_manifest(lambda document: document["layers"][0]["heads"][1].pop("node")),
        "`m.manifest.json` is damaged: `layers[0].heads[1].node` is missing [M013] hint: compile the program again",
    ),
    "a field too many": (
        lambda: edit_manifest(lambda document: document["program"].update(author="me")),
        "`m.manifest.json` is damaged: `program.author` is not a field of this format [M013] "
        "hint: compile the program again",
    ),
    "a string for a number": (
        lambda: edit_manifest(lambda document: document["directions"][3].update(index="3")),
        '`m.manifest.json` is damaged: `directions[3].index` is "3", not an integer from 0 up [M013] '
        "hint: compile the program again",
    ),
    "true for a number": (
        lambda: edit_manifest(lambda document: document.update(d_model=True)),
        "`m.manifest.json` is damaged: `d_model` is true, not an integer from 1 up [M013] "
        "hint: compile the program again",
    ),
    "an unknown way to decode": (
        lambda: edit_manifest(lambda document: document["outputs"][0]["decode"].update(kind="pickle")),
        '`m.manifest.json` is damaged: `outputs[0].decode.kind` is not "class" or "number" [M013] '
        "hint: compile the program again",
    ),
    "a fraction that is none": (
        lambda: edit_manifest(lambda document: document.update(vocabulary=["a", {"fraction": ["2", "4"]}, "c"])),
        "`m.manifest.json` is damaged: `vocabulary[1]` is an object, not a value of a program "
        "(not the form of a number, truth value or string) [M013] hint: compile the program again",
    ),
    "no weights section": (
        lambda: edit_manifest(lambda document: document.update(weights=None)),
        "`m.manifest.json` is damaged: `weights` is null [M013] hint: compile the program again",
    ),
    # -- manifests that contradict themselves
    "a token twice": (
        lambda: edit_manifest(lambda document: document.update(vocabulary=["a", 1, True])),
        "`m.manifest.json` is damaged: `vocabulary` has a token twice [M013] hint: compile the program again",
    ),
    "a billion directions": (
        lambda: edit_manifest(lambda document: document.update(d_model=10**9)),
        "`m.manifest.json` is damaged: `directions` are not as many as `d_model` [M013] "
        "hint: compile the program again",
    ),
    "a node that reads a later one": (
        lambda: edit_manifest(lambda document: document["nodes"][0]["computes"].update(inputs=[0])),
        "`m.manifest.json` is damaged: `nodes[0].computes.inputs` are not among the nodes before it [M013] "
        "hint: compile the program again",
    ),
    "a reading of a direction that does not exist": (
        lambda: edit_manifest(lambda document: document["readings"][0].update(directions=[70])),
        "`m.manifest.json` is damaged: `readings[0].directions` name one that does not exist [M013] "
        "hint: compile the program again",
    ),
    "a reading with too few numbers": (
        lambda: edit_manifest(lambda document: document["readings"][0].update(runs=[1, 1])),
        "`m.manifest.json` is damaged: `readings[0].runs` do not add up to the number of the node's `values` [M013] "
        "hint: compile the program again",
    ),
    "a direction that does not exist": (
        lambda: edit_manifest(lambda document: document["layers"][0]["heads"][0].update(key_reads=[0, 7])),
        "`m.manifest.json` is damaged: `layers[0].heads[0].key_reads` name a direction that does not exist [M013] "
        "hint: compile the program again",
    ),
    "a node that does not exist": (
        lambda: edit_manifest(lambda document: document["outputs"][1].update(node=5)),
        "`m.manifest.json` is damaged: `outputs[1].node` is not in `nodes` [M013] hint: compile the program again",
    ),
    "neurons that overlap": (
        lambda: edit_manifest(
            lambda document: document["layers"][0]["neurons"].extend(document["layers"][0]["neurons"])
        ),
        "`m.manifest.json` is damaged: `layers[0].neurons[1].first` overlaps the group before it [M013] "
        "hint: compile the program again",
    ),
    "another program's text": (
        lambda: edit_manifest(lambda document: document["program"]["files"][0].update(text="indices;")),
        "`m.manifest.json` is damaged: `program.sha256` does not fit `program.files` [M013] "
        "hint: compile the program again",
    ),
    "a forged parameter count": (
        lambda: edit_manifest(lambda document: document["weights"].update(parameters=1)),
        "`m.manifest.json` is damaged: `weights` does not fit its layers [M013] hint: compile the program again",
    ),
    # -- weights that are not a safetensors file
    "empty weights": (
        lambda: os.truncate(WEIGHTS, 0),
        "`m.safetensors` is not a safetensors file: header too small [M020] hint: compile the program again",
    ),
    "weights end in the header": (
        lambda: os.truncate(WEIGHTS, 100),
        "`m.safetensors` is not a safetensors file: invalid header length [M020] hint: compile the program again",
    ),
    "a huge header": (
        lambda: edit_numbers(lambda data: data.__setitem__(slice(8), b"\xff" * 8)),
        "`m.safetensors` is not a safetensors file: header too large [M020] hint: compile the program again",
    ),
    "a pickle": (
        lambda: WEIGHTS.write_bytes(b"\x10\0\0\0\0\0\0\0cos\nsystem\n(S'ls'\ntR."),
        "`m.safetensors` is not a safetensors file: invalid JSON in header: expected value at line 1 column 1 [M020] "
        "hint: compile the program again",
    ),
    "a header that is a list": (
        lambda: WEIGHTS.write_bytes(b"\x02\0\0\0\0\0\0\0[]"),
        "`m.safetensors` is not a safetensors file: invalid JSON in header: invalid type: sequence, expected struct "
        "HashMetadata at line 1 column 0 [M020] hint: compile the program again",
    ),
    "a header of 100,000 lists in lists": (
        lambda: WEIGHTS.write_bytes((100_000).to_bytes(8, "little") + b"[" * 100_000),
        "`m.safetensors` is not a safetensors file: invalid JSON in header: invalid type: sequence, expected struct "
        "HashMetadata at line 1 column 0 [M020] hint: compile the program again",
    ),
    "metadata that are a number": (
        lambda: edit_header(lambda header: header.update(__metadata__={"raspc": 2})),
        "`m.safetensors` is not a safetensors file: invalid JSON in header: invalid type: integer `2`, expected a "
        "string at line 1 column 28 [M020] hint: compile the program again",
    ),
    "a hole between tensors": (
        lambda: edit_header(lambda header: header.pop("blocks.1.mlp.b_in")),
        "`m.safetensors` is not a safetensors file: invalid offset for tensor `blocks.1.mlp.b_out` [M020] "
        "hint: compile the program again",
    ),
    "overlapping tensors": (
        lambda: edit_header(lambda header: header["pos_embed.W_pos"].update(data_offsets=[0, 196])),
        "`m.safetensors` is not a safetensors file: invalid offset for tensor `pos_embed.W_pos` [M020] "
        "hint: compile the program again",
    ),
    "a tensor larger than its place": (
        lambda: edit_header(lambda header: header["embed.W_E"].update(shape=[8, 7])),
        "`m.safetensors` is not a safetensors file: invalid shape, data type, or offset for tensor [M020] "
        "hint: compile the program again",
    ),
    "a size beyond 64 bits": (
        lambda: edit_header(lambda header: header["embed.W_E"].update(shape=[2**63, 2**63])),
        "`m.safetensors` is not a safetensors file: overflow computing buffer size from shape and/or element type "
        "[M020] hint: compile the program again",
    ),
    "a size below zero": (
        lambda: WEIGHTS.write_bytes(packed(b'{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', b"\0" * 4)),
        "`m.safetensors` is not a safetensors file: invalid JSON in header: invalid value: integer `-1`, expected "
        "usize at line 1 column 55 [M020] hint: compile the program again",
    ),
    "a tensor that is a number": (
        lambda: WEIGHTS.write_bytes(packed(b'{"a":3}')),
        "`m.safetensors` is not a safetensors file: invalid JSON in header: invalid type: integer `3`, expected "
        "struct TensorInfo at line 1 column 7 [M020] hint: compile the program again",
    ),
    "weights end early": (
        lambda: os.truncate(WEIGHTS, WEIGHTS.stat().st_size - 1),
        "`m.safetensors` is not a safetensors file: incomplete metadata, file not fully covered [M020] "
        "hint: compile the program again",
    ),
    "weights end late": (
        lambda: edit_numbers(lambda data: data.extend(b"\0\0")),
        "`m.safetensors` is not a safetensors file: incomplete metadata, file not fully covered [M020] "
        "hint: compile the program again",
    ),
    # -- weights of something else
    "weights without metadata": (
        lambda: edit_header(lambda header: header.pop("__metadata__")),
        "`m.safetensors` does not hold the weights of a raspc model [M011] hint: name a model's file",
    ),
    "metadata that are a list": (
        lambda: edit_header(lambda header: header["__metadata__"].update(raspc="[2]")),
        "`m.safetensors` does not hold the weights of a raspc model [M011] hint: name a model's file",
    ),
    "weights of an earlier version": (
        lambda: edit_metadata(format_version=1),
        "`m.safetensors` is in version 1 of the format; this raspc reads version 2 [M012] "
        "hint: compile the program again, or use the raspc that wrote the file",
    ),
    "weights of another model": (
        lambda: (write(identity(), Path("o.safetensors")), shutil.move("o.safetensors", WEIGHTS)),
        "`m.safetensors` and `m.manifest.json` are of different compilations [M030] "
        "hint: compile the program again, and copy both files together",
    ),
    "weights of another program by its hash": (
        lambda: edit_metadata(program_sha256="0" * 64),
        "`m.safetensors` and `m.manifest.json` are of different programs [M030] "
        "hint: compile the program again, and copy both files together",
    ),
    "weights of another compilation": (
        lambda: other_model(seed=0, causal=True),
        "`m.safetensors` and `m.manifest.json` are of different compilations [M030] "
        "hint: compile the program again, and copy both files together",
    ),
    "an altered manifest": (
        lambda: edit_manifest(lambda document: document["directions"][0].update(label="something else")),
        "`m.manifest.json` was altered after it was written [M030] hint: compile the program again",
    ),
    "an altered number": (
        lambda: edit_numbers(lambda data: data.__setitem__(-1, data[-1] ^ 1)),
        "`m.safetensors` was altered after it was written [M030] hint: compile the program again",
    ),
    # -- tensors
    "a tensor is missing": (
        lambda: edit_tensors(lambda tensors: tensors.pop("blocks.1.mlp.b_in")),
        "`m.safetensors` is not what its manifest describes: it lacks `blocks.1.mlp.b_in` [M021] "
        "hint: compile the program again",
    ),
    "a tensor too many": (
        lambda: edit_tensors(lambda tensors: tensors.update({"ln.w\n": tensors["embed.W_E"]})),
        "`m.safetensors` is not what its manifest describes: it holds 'ln.w\\n', which the model does not have [M021] "
        "hint: compile the program again",
    ),
    "another type": (
        lambda: edit_tensors(lambda tensors: tensors.update({"embed.W_E": tensors["embed.W_E"].astype(np.float64)})),
        "`m.safetensors` is not what its manifest describes: it gives `embed.W_E` the type float64, not float32 "
        "[M021] hint: compile the program again",
    ),
    "another shape": (
        lambda: edit_header(lambda header: header["embed.W_E"].update(shape=[7, 4])),
        "`m.safetensors` is not what its manifest describes: it gives `embed.W_E` the shape [7, 4], not [4, 7] [M021] "
        "hint: compile the program again",
    ),
    "a NaN": (
        lambda: edit_numbers(lambda data: data.__setitem__(slice(-4, None), b"\x00\x00\xc0\x7f")),
        "`m.safetensors` holds a number in `unembed.b_U` that is not finite [M022] hint: compile the program again",
    ),
    "an infinity": (
        lambda: edit_numbers(lambda data: data.__setitem__(slice(-4, None), b"\x00\x00\x80\xff")),
        "`m.safetensors` holds a number in `unembed.b_U` that is not finite [M022] hint: compile the program again",
    ),
}


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CompiledModel:
    """A valid pair `m` in the current folder."""
    monkeypatch.chdir(tmp_path)
    result = random_model(0)
    write(result, WEIGHTS)
    return result


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(name: str, model: CompiledModel) -> None:
    damage, expected = HOSTILE[name]
    damage()
    with pytest.raises(RaspError) as caught:
        read(WEIGHTS)
    (diagnostic,) = caught.value.diagnostics
    assert f"{diagnostic.message} [{diagnostic.code}] hint: {diagnostic.hint}" == expected
    assert diagnostic.span is None
    assert diagnostic.message.isprintable()


def test_a_rewritten_but_unchanged_manifest_is_read(model: CompiledModel) -> None:
    """Without damage, the files that the table's functions write are accepted."""
    edit_manifest(lambda document: None)
    assert same(read(MANIFEST), model)


@pytest.mark.parametrize(
    "path", ["no/where/m.safetensors", "m\0.safetensors", "m.safetensors/m.safetensors", "x" * 300]
)
def test_impossible_paths_are_refused(path: str, model: CompiledModel) -> None:
    with pytest.raises(RaspError) as caught:
        read(Path(path))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.message.isprintable()


def test_a_file_larger_than_memory_is_refused(model: CompiledModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_much(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Path, "open", too_much)
    with pytest.raises(RaspError, match="does not fit in the memory"):
        read(WEIGHTS)


def test_a_manifest_too_long_to_read_is_not_written(model: CompiledModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifact, "MAX_MANIFEST", 1000)
    before = WEIGHTS.read_bytes(), MANIFEST.read_bytes()
    with pytest.raises(RaspError, match=r"the manifest would take \d+ bytes, more than 1000 \[M040\]"):
        write(random_model(1), WEIGHTS)
    assert (WEIGHTS.read_bytes(), MANIFEST.read_bytes()) == before


def test_weights_are_read_without_a_manifest(model: CompiledModel) -> None:
    MANIFEST.unlink()
    found = weights_file.read(WEIGHTS)
    assert list(found.tensors) == sorted(model.tensors)
    assert all(np.array_equal(found.tensors[name], model.tensors[name]) for name in model.tensors)
    assert json.loads(found.metadata["raspc"])["format_version"] == 2


def test_weights_of_other_programs_are_read() -> None:
    tensors: dict[str, Any] = {"b": np.arange(6, dtype=np.int64).reshape(2, 3), "a": np.ones(2, np.float16)}
    found = weights_file.unpack(safetensors.numpy.save(tensors, {"format": "pt", "by": "others"}))
    assert {name: (tensor.dtype, tensor.tolist()) for name, tensor in found.tensors.items()} == {
        name: (tensor.dtype, tensor.tolist()) for name, tensor in tensors.items()
    }
    assert found.metadata == {"format": "pt", "by": "others"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "`x.bin` is not a safetensors file: header too small [M020]"),
        (
            b"\x02\0\0\0\0\0\0\0{}\0",
            "`x.bin` is not a safetensors file: incomplete metadata, file not fully covered [M020]",
        ),
        (
            packed(b'{"a\\n":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}', b"\0" * 12),
            "`x.bin` is not a safetensors file: 'invalid offset for tensor `a\\n`' [M020]",
        ),
        (None, "cannot read `x.bin`: no such file or directory [M001]"),
    ],
)
def test_what_is_no_weights_file_is_refused(
    content: bytes | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("x.bin").write_bytes(content)
    with pytest.raises(RaspError) as caught:
        weights_file.read(Path("x.bin"))
    (diagnostic,) = caught.value.diagnostics
    assert f"{diagnostic.message} [{diagnostic.code}]" == message


def test_a_type_that_numpy_lacks_is_refused() -> None:
    header = b'{"a":{"dtype":"F8_E8M0","shape":[1],"data_offsets":[0,1]}}'
    with pytest.raises(weights_file.WeightsFileError, match="a type that NumPy lacks"):
        weights_file.unpack(packed(header, b"\0"))


def test_files_are_the_same_bytes_every_time() -> None:
    """The library orders several metadata keys at random, one key always the same."""
    tensors = dict(random_model(0).tensors)
    packed = {weights_file.pack(tensors, ("raspc", "{}")) for _ in range(20)}
    packed.add(weights_file.pack(dict(reversed(tensors.items())), ("raspc", "{}")))
    assert len(packed) == 1


BYTES = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=3)


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([WEIGHTS, MANIFEST]), st.sampled_from(["replace", "insert", "delete", "cut"]), BYTES)
def test_mutated_bytes_are_refused_or_harmless(
    model: CompiledModel, path: Path, how: str, places: list[tuple[float, int]]
) -> None:
    whole = path.read_bytes()
    data = bytearray(whole)
    for place, byte in places:
        index = min(int(place * len(data)), len(data) - 1)
        match how:
            case "replace":
                data[index] = byte
            case "insert":
                data.insert(index, byte)
            case "delete":
                del data[index : index + byte]
            case "cut":
                del data[index + 1 :]
    path.write_bytes(data)
    try:
        assert same(read(WEIGHTS), model)
    except RaspError as error:
        (diagnostic,) = error.diagnostics
        assert diagnostic.code.startswith("M")
        assert diagnostic.message.isprintable()
    finally:
        path.write_bytes(whole)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_arbitrary_bytes_are_refused(model: CompiledModel, weights: bytes, manifest: bytes) -> None:
    for path, data in ((WEIGHTS, weights), (MANIFEST, manifest)):
        whole = path.read_bytes()
        path.write_bytes(data)
        with pytest.raises(RaspError):
            read(WEIGHTS)
        path.write_bytes(whole)
