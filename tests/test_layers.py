"""The architecture: imports between folders point one way, no modules form a circle, public class names are unique.

The lists `..._TODAY` hold the exceptions.  They only shrink: a test also fails when an exception is no longer needed.
`make map` prints what these tests read.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from raspc.tests.support.imports import Product, circles, floors

#: The folders of the root, the lowest first.  A folder imports from floors below its own, never from a neighbour.
FOLDERS = (
    ("rasp_grammar",),
    ("compiler",),
    ("runner",),
    ("decompiler", "learner", "datasets", "interop"),
    ("tools",),
    ("cli",),
)

#: The entries of compiler/, the lowest first: a stage imports from the stages before it.
STAGES = (
    ("graph", "options"),
    ("interpret", "work_limit"),
    ("elaborate", "analysis"),
    ("simplify",),
    ("blocks",),
    ("lower",),
    ("stages",),
    ("artifact",),
    ("warnings",),
    ("pipeline",),
)

#: The tools stand side by side: none imports another.
TOOLS = (
    ("error_messages", "print_values", "program_files", "read_inputs"),
    ("editor", "fuzz", "reports", "suites"),
    ("repl",),
)

#: Imports that point up or sideways, as (module, imported module).
ARROWS_TODAY: set[tuple[str, str]] = set()

#: Modules that lie on a circle of imports.
CIRCLES_TODAY: set[str] = set()

#: Folders whose entries (modules and subfolders) import one another in a circle.
FOLDERS_WITH_CIRCLES_TODAY: set[str] = set()

#: Public class names that two modules define.
CLASSES_TODAY: set[str] = set()


@pytest.fixture(scope="module")
def product() -> Product:
    return Product()


def _wrong_arrows(product: Product, folder: str, order: tuple[tuple[str, ...], ...]) -> set[tuple[str, str]]:
    floor = {entry: level for level, entries in enumerate(order) for entry in entries}
    prefix = f"{folder}." if folder else ""

    def entry(module: str) -> str:
        return module.removeprefix(prefix).partition(".")[0] if module.startswith(prefix) else ""

    return {
        (module, imported)
        for module, imports in product.imports.items()
        for imported in imports
        if entry(module) in floor and entry(imported) in floor
        if entry(module) != entry(imported) and floor[entry(imported)] >= floor[entry(module)]
    }


def test_imports_between_folders_stages_and_tools_point_down(product: Product) -> None:
    orders = (("", FOLDERS), ("compiler", STAGES), ("tools", TOOLS))
    wrong = {arrow for folder, order in orders for arrow in _wrong_arrows(product, folder, order)}
    assert wrong == ARROWS_TODAY


@pytest.mark.parametrize(("folder", "order"), [("", FOLDERS), ("compiler", STAGES), ("tools", TOOLS)])
def test_every_folder_has_its_floor(product: Product, folder: str, order: tuple[tuple[str, ...], ...]) -> None:
    entries = {entry for entry in product.folder_arrows(folder) if entry != "__init__"}
    if folder == "":
        entries &= product.packages
    assert entries <= {entry for floor in order for entry in floor}


def test_no_modules_import_one_another_in_a_circle(product: Product) -> None:
    assert {module for circle in circles(product.imports) for module in circle} == CIRCLES_TODAY


def test_no_entries_of_a_folder_form_a_circle(product: Product) -> None:
    found = {folder: circles(product.folder_arrows(folder)) for folder in product.packages if folder}
    assert {folder for folder, groups in found.items() if groups} == FOLDERS_WITH_CIRCLES_TODAY


def test_public_class_names_are_unique(product: Product) -> None:
    repeated = {name: homes for name, homes in product.classes().items() if len(homes) > 1}
    assert set(repeated) == CLASSES_TODAY, repeated


def test_reader_sees_hidden_imports(tmp_path: Path) -> None:
    """An import under `TYPE_CHECKING`, one in a function, and one by name close a circle of three modules."""
    texts = {
        "__init__.py": "",
        "first.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .second import Something",
        "second.py": "def something():\n    from raspc import third",
        "third.py": "from importlib import import_module\nimport_module('.first', __package__)",
        "fourth.py": "from . import first",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    product = Product(tmp_path)
    assert circles(product.imports) == [["first", "second", "third"]]
    assert floors(product.imports) == [["", "first", "second", "third"], ["fourth"]]
