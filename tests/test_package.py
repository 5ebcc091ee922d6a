"""The wheel: one top-level name, all modules and data files, and it works without the checkout."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from raspc.tests.support.imports import OUTSIDE, ROOT, product_files

DATA = (
    "py.typed",
    "cli/starter.rasp",
    "rasp_grammar/rasp.lark",
    "rasp_grammar/prelude.rasp",
    "compiler/artifact/manifest.schema.json",
    *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "cli" / "explanations").iterdir())),
    *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "cli" / "shells").iterdir())),
)

PROGRAM = """
set vocab "abc";
set max_length 5;
tokens[length - indices - 1];
"""


def _project() -> dict[str, object]:
    project: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return project


def _modules() -> list[Path]:
    """The package's Python files, relative to the root."""
    return [path.relative_to(ROOT) for path in product_files(ROOT)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the checkout, because a build leaves files behind."""
    copy = tmp_path_factory.mktemp("checkout") / "any name"
    ignore = shutil.ignore_patterns(".*", "build", "dist", "out", "*.egg-info", "__pycache__", "tests")
    shutil.copytree(ROOT, copy, ignore=ignore)
    target = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(copy)]
    built = subprocess.run(command, capture_output=True, text=True, env=_clean_environment())
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = target.iterdir()
    return path


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONSTARTUP")}


def test_wheel_has_one_top_level_name(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (top_level,) = (name for name in names if name.endswith(".dist-info/top_level.txt"))
        assert archive.read(top_level).decode().split() == ["raspc"]
    roots = {name.split("/")[0] for name in names}
    assert {root for root in roots if not root.endswith(".dist-info")} == {"raspc"}


def test_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {f"raspc/{path.as_posix()}" for path in _modules()} == {name for name in names if name.endswith(".py")}
    assert {f"raspc/{name}" for name in DATA} <= names
    assert not {name for name in names if name.split("/")[1] in OUTSIDE}


def test_dependencies_are_declared() -> None:
    project = _project()["project"]
    assert isinstance(project, dict)
    extras = [name for extra, names in project["optional-dependencies"].items() if extra != "dev" for name in names]
    declared = {re.split("[<>=]", name)[0].replace("-", "_") for name in [*project["dependencies"], *extras]}
    declared.add("lsprotocol")  # part of pygls
    imported = set()
    for path in _modules():
        for node in ast.walk(ast.parse((ROOT / path).read_bytes())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
                imported.add(node.module.partition(".")[0])
    assert imported - sys.stdlib_module_names <= declared


def test_installed_wheel_works_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    venv.create(environment, symlinks=True)
    paths = sysconfig.get_paths(vars={"base": str(environment), "platbase": str(environment)})
    python = Path(paths["scripts"]) / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(install, check=True, capture_output=True, env=_clean_environment())
    # The dependencies come from this environment's folder, torch being large; the link to the checkout that an
    # editable installation leaves there does not work from a second folder.
    links = "\n".join(sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}))
    (Path(paths["purelib"]) / "dependencies.pth").write_text(links)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "reverse.rasp").write_text(PROGRAM)

    def call(*command: str) -> str:
        result = subprocess.run(command, capture_output=True, text=True, cwd=elsewhere, env=_clean_environment())
        assert (result.returncode, result.stderr) == (0, ""), result
        return result.stdout

    where = call(str(python), "-c", "import raspc; print(raspc.__file__)").strip()
    assert Path(where) == Path(paths["purelib"]) / "raspc" / "__init__.py"
    raspc = str(Path(paths["scripts"]) / "raspc")
    version = call(str(python), "-c", "import importlib.metadata as m; print('raspc', m.version('raspc'))")
    assert call(raspc, "--version") == version == call(str(python), "-m", "raspc", "--version")
    assert call(raspc, "compile", "reverse.rasp").startswith("reverse.safetensors: ")
    assert call(raspc, "run", "reverse.safetensors", "abca") == "a c b a\n"
