"""Runs the blocks of a documentation page, writes what they print into the page, and checks its links.

A page runs from top to bottom in a folder of its own that holds a link to `programs/`; a block can use the files that
earlier blocks wrote.  The language of a block decides how it is run:

    console   lines that start with `$ ` are commands (a line that ends in a backslash goes on); the rest is what they
              print, standard output and standard error together
    pycon     a Python session; all Python blocks of a page share their names
    python    Python code that must run without an error
    rasp      a program that must parse; with a first line `# file: NAME.rasp` it becomes that file
    json      JSON
    sh        commands that are not run: what they name must exist (targets of make, extras, modules, commands, options)
    text      not run; neither are the languages of `SHOWN`, which are other programs' settings

Any other language is an error.  A block that only some machines can run is preceded by the line
`<!-- needs: NAME -->`, with a Python module or a program; without it the block is left as it is.

Sybil does not replace this.  It would find the blocks (one regular expression here) and run those in Python, some 40
lines of this module.  It does not rewrite outputs, which `--update-golden` needs, and knows no console sessions.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import click
from raspc.cli.main import COMMANDS, main, raspc
from raspc.rasp_grammar.parser import parse
from raspc.rasp_grammar.span import Source

ROOT = Path(__file__).resolve().parent.parent.parent

#: Languages of blocks that are not run: plain text and settings of editors.
SHOWN = frozenset({"text", "vim", "lua", "elisp"})

#: A fenced block: its language, its text, and what it needs.
BLOCK = re.compile(
    r"(?P<before>^<!-- needs: (?P<needed>[\w-]+) -->\n)?^```(?P<language>[^\n]*)\n(?P<text>.*?)^```$", re.M | re.S
)

#: Commands that run as a process of their own, because they read standard input or start processes.
OWN_PROCESS = frozenset({"build", "repl", "lsp"})

#: Signs of a command line that needs a shell.
SHELL = re.compile(r"[|<>;&*$`~]|^\w+=")

#: Folders of the checkout that are linked into the page's folder.
LINKED = ("programs", "docs/examples")


class DocumentError(AssertionError):
    """A mistake in a page; the message begins with its place."""


@dataclass
class Page:
    """A page that is run in the current folder, with its Python names and the last exit status."""

    path: Path
    names: dict[str, object] = field(default_factory=lambda: {"__name__": "__main__"})
    status: int = 0

    def run(self) -> tuple[str, str]:
        """The text of the page, and the same text with the present output of its blocks."""
        written = self.path.read_text(encoding="utf-8")
        prose = BLOCK.sub("", written)
        if re.search(r"^ *(```|~~~)", prose, re.M) or re.search(r"^ *\n {4,}\S", prose, re.M):
            raise DocumentError(f"{self.path.name}: a block that is indented, or not closed, would not be run")
        return written, BLOCK.sub(lambda block: self._shown(block, written), written)

    def _shown(self, block: re.Match[str], page: str) -> str:
        language, text, needed = block["language"], block["text"], block["needed"]
        if needed is not None and shutil.which(needed) is None and find_spec(needed) is None:
            return block[0]
        where = f"{self.path.name}:{page.count(chr(10), 0, block.start()) + 1}"
        try:
            match language:
                case "console":
                    text = "".join(self._session(text))
                case "pycon":
                    text = self._doctest(text, where)
                case "python":
                    self._execute(text, where)
                case "rasp":
                    self._program(text, where)
                case "json":
                    json.loads(text)
                case "sh":
                    check_shell(text)
                case _ if language not in SHOWN:
                    raise DocumentError(f"a block in `{language}` cannot be run; if it is only to be seen, say text")
        except Exception as error:
            raise DocumentError(f"{where}: {error}") from error
        return f"{block['before'] or ''}```{language}\n{text}```"

    def _session(self, text: str) -> Iterator[str]:
        if not text.startswith("$ "):
            raise DocumentError("a console block begins with `$ `")
        for command in re.findall(r"^\$ (.*(?:(?<=\\)\n.*)*)$", text, re.M):
            shown = self._output(command)
            yield f"$ {command}\n{shown}" + ("\n" if shown != "" and not shown.endswith("\n") else "")

    def _output(self, command: str) -> str:
        if command == "echo $?":
            return f"{self.status}\n"
        words = shlex.split(command.replace("\\\n", " "))
        if SHELL.search(re.sub(r"'[^']*'", "", command)) is None and words[0] in ("raspc", "cat"):
            if words[0] == "cat":
                return "".join(Path(name).read_text(encoding="utf-8") for name in words[1:])
            if words[1] not in OWN_PROCESS or words[-1] in ("-h", "--help"):
                out = io.StringIO()
                with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
                    self.status = main(words[1:])
                return normalised(out.getvalue())
        scripts = str(Path(sys.executable).parent)
        done = subprocess.run(
            ["bash", "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"},
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        self.status = done.returncode
        if done.returncode == 127:
            raise DocumentError(f"`{command}`: {done.stdout}")
        return normalised(done.stdout)

    def _doctest(self, text: str, where: str) -> str:
        parser = doctest.DocTestParser()
        test = parser.get_doctest(text, {}, where, where, 0)
        test.globs = self.names  # `get_doctest` copies
        if len(test.examples) == 0:
            raise DocumentError("a pycon block has examples that begin with `>>> `")
        runner = _Runner()
        runner.run(test, out=lambda _: None, clear_globs=False)
        if runner.trouble != "":
            raise DocumentError(runner.trouble)
        made = ""
        for part in parser.parse(text):
            if isinstance(part, str):
                made += part
            else:
                first, *others = part.source.splitlines()
                got = runner.got.get(part.lineno, part.want)
                made += f">>> {first}\n" + "".join(f"... {line}".rstrip() + "\n" for line in others)
                made += re.sub(r"^\n", "<BLANKLINE>\n", got, flags=re.M)
        return made

    def _execute(self, text: str, where: str) -> None:
        try:
            exec(compile(text, where, "exec"), self.names)
        except Exception as error:
            lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == where]
            shown = text.splitlines()[(lines[-1] or 1) - 1].strip() if lines else ""
            raise DocumentError(f"`{shown}`: {type(error).__name__}: {error}") from error

    def _program(self, text: str, where: str) -> None:
        parse(Source(where, text))
        name = re.match(r"# file: (\S+)\n", text)
        if name is not None:
            path = Path(name[1])
            if path.is_absolute() or path.as_posix().startswith(LINKED):
                raise DocumentError(f"`{path}` does not lie in the page's own folder")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


class _Runner(doctest.DocTestRunner):
    """Collects the outputs that differ from the page, by line of the block."""

    def __init__(self) -> None:
        super().__init__(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
        self.got: dict[int, str] = {}
        self.trouble = ""

    def report_failure(self, out: object, test: doctest.DocTest, example: doctest.Example, got: str) -> None:
        self.got[example.lineno] = got

    def report_unexpected_exception(
        self, out: object, test: doctest.DocTest, example: doctest.Example, exc_info: tuple[object, ...]
    ) -> None:
        self.trouble += f"{example.source.strip()}: {exc_info[0]}: {exc_info[1]}\n"


def normalised(text: str) -> str:
    """The text with every time as 0.2 s, and with the page's folder as `.`."""
    text = text.replace(f"{Path.cwd()}{os.sep}", "").replace(str(Path.cwd()), ".")
    text = re.sub(r'("seconds": |\btime=")\d+(\.\d+)?', r"\g<1>0.2", text)
    text = re.sub(r"\b\d+\.\d\d(?= +(no|yes)$)", "0.20", text, flags=re.M)  # the table of `raspc build`
    return re.sub(r"\b\d+\.\d+ s\b", "0.2 s", text)


# ---- the checks of `sh` blocks ------------------------------------------------------------------------


@cache
def make_targets() -> frozenset[str]:
    return frozenset(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))


@cache
def extras() -> frozenset[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return frozenset(project["optional-dependencies"])


def check_shell(text: str) -> None:
    """Raises DocumentError if a line names something that does not exist, or starts with an unknown program."""
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        while len(words) > 0 and re.match(r"[A-Z_]+=", words[0]):
            del words[0]
        if len(words) == 0:
            continue
        program = words[0].removeprefix(".venv/bin/")
        match program:
            case "make":
                targets = {word for word in words[1:] if "=" not in word}
                _all_in(targets, make_targets(), "make has no target")
            case "pip":
                found = re.findall(r"\braspc\[([^\]]*)\]|(?:^|\s)'?\.\[([^\]]*)\]", line)
                named = {name for pair in found for name in re.split(r",\s*", pair[0] or pair[1])}
                _all_in(named, extras(), "there is no extra")
            case "raspc":
                check_command(words[1:])
            case "python" | "python3":
                if words[1] == "-m" and words[2].startswith("raspc") and find_spec(words[2]) is None:
                    raise DocumentError(f"there is no module {words[2]}")
                if words[1].endswith(".py") and not (ROOT / words[1]).is_file():
                    raise DocumentError(f"there is no file {words[1]}")
            case "pytest" | "ruff" | "mypy":
                paths = {word.partition("::")[0] for word in words[1:] if "/" in word}
                _all_in(paths, {path for path in paths if (ROOT / path).exists()}, "there is no file")
            case "git" | "cd" | "source" | "export" | "dask" | "code" | "jq" | "cp" | "mkdir" | "ln":
                pass
            case _:
                raise DocumentError(f"`{program}` is not among the programs that `sh` blocks use; run it as console")


def check_command(words: list[str]) -> None:
    """Raises DocumentError unless the command and each of its options exist."""
    if len(words) == 0 or words[0].startswith("-"):
        return
    if words[0] not in COMMANDS:
        raise DocumentError(f"raspc has no command {words[0]}")
    command = raspc.get_command(click.Context(raspc, **raspc.context_settings), words[0])
    assert command is not None
    options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    used = {re.sub(r"=.*", "", word) for word in words[1:] if re.match(r"--?[A-Za-z]", word)}
    _all_in(used, options | {"--help", "-h"}, f"`raspc {words[0]}` has no option")


def _all_in(names: set[str], known: set[str] | frozenset[str], message: str) -> None:
    missing = sorted(names - known)
    if len(missing) > 0:
        raise DocumentError(f"{message} {', '.join(missing)}")


# ---- links -----------------------------------------------------------------------------------------


def pages() -> list[Path]:
    """The pages whose blocks are run: README.md, and those of docs/ and docs/examples/."""
    return [
        ROOT / "README.md",
        *sorted((ROOT / "docs").glob("*.md")),
        *sorted((ROOT / "docs" / "examples").glob("**/*.md")),
    ]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, formed as GitHub does."""
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    found: set[str] = set()
    for heading in re.findall(r"^#+ +(.*?) *$", text, re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        number = 0
        while (unique := anchor if number == 0 else f"{anchor}-{number}") in found:
            number += 1
        found.add(unique)
    return found


def broken_links(page: Path) -> list[str]:
    """The links of a page whose target is missing in this checkout; links to the web are not followed."""
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    text = re.sub(r"`[^`\n]*`", "", text)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"^\[[^\]]+\]: (\S+)", text, re.M):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = page if name == "" else (page.parent / name).resolve()
        if not file.exists() or (anchor != "" and (file.suffix != ".md" or anchor not in anchors(file))):
            broken.append(target)
    return broken
