"""Reads the imports of the product from its sources, without running them, and prints the map of the house.

`python -m raspc.tests.support.imports [FOLDER...] [--root ROOT]` prints, for each folder, its number of entries, the
arrows between them, and the circles; without a FOLDER also the circles of modules, and the class names that are defined
more than once.

A module is named relative to the package: `compiler.graph.graph`, `compiler` (its `__init__.py`), "" (the root's).
Imports in functions and under `TYPE_CHECKING` count.  In a module that calls `import_module`, strings that name a
module count as well: the facades and `cli.main` load what they list.
"""

from __future__ import annotations

import argparse
import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: Folders of the checkout that are no part of the product.
OUTSIDE = frozenset({"tests", "programs", "benchmarks", "docs", "examples", "build", "dist", "out"})

Arrows = Mapping[str, frozenset[str]]


class Product:
    """The modules of a checkout, which of them each imports, and the public classes that each defines."""

    def __init__(self, root: Path = ROOT) -> None:
        self.trees = {
            _module_name(path.relative_to(root)): ast.parse(path.read_bytes()) for path in product_files(root)
        }
        self.packages = {
            _module_name(path.relative_to(root)) for path in product_files(root) if path.name == "__init__.py"
        }
        self.imports: Arrows = {name: frozenset(self._imported(name)) for name in self.trees}

    def classes(self) -> dict[str, list[str]]:
        """Public class name -> the modules that define it at their top level."""
        homes: dict[str, list[str]] = defaultdict(list)
        for module, tree in self.trees.items():
            for node in tree.body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    homes[node.name].append(module)
        return homes

    def folder_arrows(self, folder: str) -> Arrows:
        """The arrows between the entries of a folder: its modules and its subfolders (`""`: the root's entries).

        An import of the folder's own `__init__.py` leads to the entry "__init__".
        """
        arrows: dict[str, set[str]] = {}
        for module, imported in self.imports.items():
            if (entry := _entry(folder, module)) is not None:
                reached = arrows.setdefault(entry, set())
                reached |= {other for name in imported if (other := _entry(folder, name)) not in (None, entry)}
        return {entry: frozenset(arrows[entry]) for entry in sorted(arrows)}

    def _imported(self, module: str) -> Iterator[str]:
        package = module if module in self.packages else module.rpartition(".")[0]
        nodes = list(ast.walk(self.trees[module]))
        by_name = any(isinstance(node, ast.alias) and node.name == "import_module" for node in nodes)
        for node in nodes:
            if isinstance(node, ast.ImportFrom):
                base = _base(package, node)
                if base is not None:
                    yield from (self._module(_join(base, alias.name), base) for alias in node.names)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.partition(".")[0] == "raspc":
                        yield self._module(alias.name.removeprefix("raspc").removeprefix("."), "")
            elif by_name and isinstance(node, ast.Constant) and isinstance(node.value, str):
                named = _join(package, node.value.removeprefix("."))
                if named in self.trees and named != module:
                    yield named

    def _module(self, name: str, base: str) -> str:
        """The module that an imported name is: itself, or what defines it."""
        found = name if name in self.trees else base
        assert found in self.trees, f"no module {found!r}"
        return found


def circles(arrows: Arrows) -> list[list[str]]:
    """The groups of two or more nodes that reach one another (strongly connected components, by Tarjan)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        order[node] = low[node] = len(order)
        stack.append(node)
        for other in sorted(arrows.get(node, ())):
            if other not in order:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], order[other])
        if low[node] == order[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in sorted(arrows):
        if node not in order:
            visit(node)
    return sorted(found)


def floors(arrows: Arrows) -> list[list[str]]:
    """The entries by floor, the lowest first: each imports only entries of lower floors, or of its own circle."""
    height: dict[str, int] = {}
    group_of = {node: tuple(group) for group in circles(arrows) for node in group}

    def floor(node: str) -> int:
        if node not in height:
            group = group_of.get(node, (node,))
            below = {other for member in group for other in arrows.get(member, ())} - set(group)
            height.update(dict.fromkeys(group, 1 + max((floor(other) for other in below), default=-1)))
        return height[node]

    levels: dict[int, list[str]] = defaultdict(list)
    for node in sorted(arrows):
        levels[floor(node)].append(node)
    return [levels[level] for level in sorted(levels)]


def folder_map(product: Product, folder: str) -> str:
    """The entries of a folder by floor, the highest first, with the number of arrows, and the circles."""
    arrows = product.folder_arrows(folder)
    drawn = {entry: reached - {"__init__"} for entry, reached in arrows.items() if entry != "__init__"}
    counts = (
        _count(len(drawn), "entry", "entries"),
        _count(sum(map(len, drawn.values())), "arrow", "arrows"),
        _count(len(circles(drawn)), "circle", "circles"),
    )
    lines = [f"{folder.replace('.', '/') or 'raspc'}: {', '.join(counts)}"]
    lines += [f"  {level}  {' '.join(names)}" for level, names in reversed(list(enumerate(floors(drawn), 1)))]
    lines += [f"  circle: {' '.join(group)}" for group in circles(drawn)]
    return "\n".join(lines)


def house_map(product: Product) -> str:
    """The maps of all folders, the circles of modules, and the class names that are defined more than once."""
    found = circles(product.imports)
    repeated = {name: homes for name, homes in sorted(product.classes().items()) if len(homes) > 1}
    lines = [f"{len(product.trees)} modules, {sum(map(len, product.imports.values()))} imports between them", ""]
    lines += [f"{folder_map(product, folder)}\n" for folder in sorted(product.packages)]
    lines += [
        f"circles of modules: {len(found)}",
        *("  " + " ".join(name or "raspc" for name in group) for group in found),
    ]
    lines.append(f"class names defined more than once: {len(repeated)} of {len(product.classes())}")
    lines += [f"  {name}: {' '.join(homes)}" for name, homes in repeated.items()]
    return "\n".join(lines)


def _count(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def product_files(root: Path) -> Iterator[Path]:
    """The Python files of the product, sorted by path."""
    for path in sorted(root.rglob("*.py")):
        first = path.relative_to(root).parts[0]
        if first not in OUTSIDE and not first.startswith(".") and not first.endswith(".egg-info"):
            yield path


def _module_name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix("__init__").removesuffix(".")


def _join(package: str, name: str) -> str:
    return f"{package}.{name}".strip(".")


def _base(package: str, node: ast.ImportFrom) -> str | None:
    """The module after `from`, or None where it is another library's."""
    if node.level:
        parts = package.split(".") if package else []
        return _join(".".join(parts[: len(parts) - node.level + 1]), node.module or "")
    library, _, rest = (node.module or "").partition(".")
    return rest if library == "raspc" else None


def _entry(folder: str, module: str) -> str | None:
    """The entry of the folder that a module is or lies in; None for one that lies elsewhere."""
    if module == folder:
        return "__init__"
    prefix = f"{folder}." if folder else ""
    return module.removeprefix(prefix).partition(".")[0] if module.startswith(prefix) else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="compiler/lower; `raspc` is the root")
    parser.add_argument("--root", type=Path, default=ROOT, help="another checkout")
    arguments = parser.parse_args()
    product = Product(arguments.root.resolve())
    names = [name.strip("/").replace("/", ".").removeprefix("raspc") for name in arguments.folders]
    print("\n\n".join(folder_map(product, name) for name in names) if names else house_map(product))


if __name__ == "__main__":
    main()
