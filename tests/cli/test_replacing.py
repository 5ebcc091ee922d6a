"""Every command and option that writes: which files it replaces, and which it leaves alone."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import click
import pytest
from raspc.cli.main import COMMANDS, raspc
from raspc.cli.options import complete_files, complete_models, complete_programs
from raspc.tests.support.imports import Product

Call = Callable[..., CompletedProcess[str]]

REVERSE = 'set vocab "abc"; set max_length 4; tokens[length - indices - 1];\n'


@dataclass(frozen=True)
class Writer:
    """A way to write: the command's arguments before the output's name, that name, and the files that it makes.

    inputs: the files that the command reads.
    """

    arguments: tuple[str, ...]
    output: str
    files: tuple[str, ...]
    inputs: tuple[str, ...]
    code: str = "would-overwrite"


MODEL = ("m.safetensors", "m.manifest.json")

#: By command and parameter: everything that writes a file.
WRITERS = {
    ("compile", "output"): Writer(
        ("compile", "p.rasp", "-o"), "new.safetensors", ("new.safetensors", "new.manifest.json"), ("p.rasp",)
    ),
    ("report", "output"): Writer(("report", "m.safetensors", "ab", "-o"), "new.html", ("new.html",), MODEL),
    ("report", "png"): Writer(("report", "m.safetensors", "ab", "--png"), "new.png", ("new.png",), MODEL),
    ("export", "destination"): Writer(("export", "m.safetensors", "--to", "onnx"), "new.onnx", ("new.onnx",), MODEL),
    ("export", "output"): Writer(
        ("export", "m.safetensors", "--to", "hf", "-o"),
        "new",
        ("new/config.json", "new/model.safetensors"),
        MODEL,
        "export-folder",
    ),
    ("build", "output"): Writer(
        ("build", "p.rasp", "--jobs", "1", "-o"),
        "new",
        ("new/p.safetensors", "new/p.manifest.json", "new/index.json"),
        ("p.rasp",),
    ),
    ("build", "junit"): Writer(
        ("build", "p.rasp", "--jobs", "1", "-o", "built", "--junit"), "new.xml", ("new.xml",), ("p.rasp",)
    ),
}

#: Parameters that name files and write none.  `fmt` writes its inputs, as it says; `new` has a test of its own.
READERS = {
    *((name, "path") for name in ("compile", "run", "eval", "check", "verify", "inspect", "trace", "report", "export")),
    ("run", "lines"),
    ("eval", "lines"),
    ("build", "paths"),
    ("fmt", "paths"),
    ("check", "paths"),
    ("repl", "files"),
}


def _names_files(parameter: click.Parameter) -> bool:
    converts = isinstance(parameter.type, click.types.FuncParamType) and parameter.type.func is Path
    completes = parameter._custom_shell_complete in (complete_files, complete_programs, complete_models)
    return converts or completes or isinstance(parameter.type, (click.Path, click.File))


def test_every_parameter_that_names_files_is_known_here() -> None:
    context = click.Context(raspc)
    found = set()
    for name in COMMANDS:
        command = raspc.get_command(context, name)
        assert command is not None
        found |= {(name, parameter.name) for parameter in command.params if _names_files(parameter)}
        if any(writer == name for writer, _ in WRITERS):
            assert "force" in {parameter.name for parameter in command.params}, name
    assert found <= WRITERS.keys() | READERS
    assert WRITERS.keys() <= found


def test_only_modules_with_a_rule_of_their_own_replace_files_without_it() -> None:
    """`replace_files` asks nothing, so few may call it."""
    found = {module for module, imported in Product().imports.items() if "compiler.artifact.atomic_files" in imported}
    assert found == {
        "compiler.artifact.replaceable",
        "interop.directory",  # recognises a folder as a whole
        "tools.program_files",  # `fmt` replaces what it has read
        "tools.repl.compile_command",  # `:save` replaces nothing
    }


@pytest.fixture
def here(tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("p.rasp").write_text(REVERSE)
    assert call("compile", "p.rasp", "-o", "m.safetensors").returncode == 0
    return tmp_path


def _parameters() -> list[object]:
    plot = pytest.mark.skipif(importlib.util.find_spec("matplotlib") is None, reason="no matplotlib")
    onnx = pytest.mark.skipif(importlib.util.find_spec("onnx") is None, reason="no onnx")
    marks = {("report", "png"): [plot], ("export", "destination"): [onnx]}
    return [pytest.param(writer, id="-".join(key), marks=marks.get(key, [])) for key, writer in WRITERS.items()]


@pytest.mark.parametrize("writer", _parameters())
def test_a_foreign_file_stays_unless_forced_and_ones_own_is_replaced(call: Call, here: Path, writer: Writer) -> None:
    for file in writer.files:
        Path(file).parent.mkdir(exist_ok=True)
        Path(file).write_text("mine")
        refused = call(*writer.arguments, writer.output)
        assert refused.returncode == 1
        assert f"[{writer.code}]" in refused.stderr
        assert "--force" in refused.stderr
        assert Path(file).read_text() == "mine"
        Path(file).unlink()
    for file in writer.files:
        Path(file).write_text("mine")
    forced = call(*writer.arguments, writer.output, "--force")
    assert forced.returncode == 0, forced.stderr
    assert all(Path(file).read_bytes() != b"mine" for file in writer.files)
    again = call(*writer.arguments, writer.output)
    assert again.returncode == 0, again.stderr


@pytest.mark.parametrize("alias", ["plain", "dotted", "soft", "hard"])
@pytest.mark.parametrize("writer", _parameters())
def test_an_input_is_never_replaced(call: Call, here: Path, writer: Writer, alias: str) -> None:
    """Every file that the command writes, in turn, is every one of its inputs."""
    if alias in ("plain", "dotted") and len(Path(writer.files[0]).parts) > 1:
        pytest.skip("these files stand in a folder, where only links can be the inputs")
    for given in writer.inputs:
        before = Path(given).read_bytes()
        for file in writer.files:
            arguments, output = list(writer.arguments), writer.output
            Path(file).parent.mkdir(exist_ok=True)
            if alias in ("soft", "hard"):
                Path(file).unlink(missing_ok=True)
            match alias:
                case "soft":
                    Path(file).symlink_to(os.path.relpath(given, Path(file).parent))
                case "hard":
                    os.link(given, file)
                case _ if writer.arguments[0] in ("compile", "report") and "--png" not in arguments:
                    pytest.skip("these outputs have an ending of their own: see the tests below")
                case "plain":
                    output = given
                case _:
                    output = f"./{given}"
            done = call(*arguments, output, "--force")
            assert done.returncode != 0
            assert Path(given).read_bytes() == before, done.stderr
            if alias in ("soft", "hard"):
                assert "is an input of this command [would-overwrite]" in done.stderr
                Path(file).unlink()


def test_a_program_with_a_models_name_and_what_it_loads_stay(call: Call, here: Path) -> None:
    for name in ("x.safetensors", "x.manifest.json"):
        Path(name).write_text(REVERSE)
        done = call("compile", name, "-o", "./x.safetensors", "--force")
        assert (done.returncode, Path(name).read_text()) == (1, REVERSE)
        Path("loads.rasp").write_text(f'load "{name}"; tokens;')
        done = call("compile", "loads.rasp", "-o", "x.safetensors", "--force")
        assert (done.returncode, Path(name).read_text()) == (1, REVERSE)
        assert "is an input of this command" in done.stderr
        Path(name).unlink()


def test_the_junit_report_is_no_other_file_of_its_build(call: Call, here: Path) -> None:
    done = call("build", "p.rasp", "-o", "out", "--jobs", "1", "--junit", "out/../out/index.json", "--force")
    assert done.returncode == 1
    assert "is a file that the build itself writes" in done.stderr
    assert not Path("out/index.json").exists()


def test_new_replaces_nothing(call: Call, here: Path) -> None:
    done = call("new", "p")
    assert done.returncode == 1
    assert Path("p.rasp").read_text() == REVERSE


def test_a_trained_model_in_an_exported_folder_stays(call: Call, here: Path) -> None:
    assert call("export", "m.safetensors", "--to", "hf", "out").returncode == 0
    config = Path("out/config.json")
    config.write_text(config.read_text().replace("{", '{ "transformers_version": "5",', 1))
    done = call("export", "m.safetensors", "--to", "hf", "out")
    assert done.returncode == 1
    assert "was not written by `raspc export`" in done.stderr
