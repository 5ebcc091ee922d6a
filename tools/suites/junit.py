"""The JUnit XML report, for CI servers: one test case for each program."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.etree import ElementTree

from ...compiler.artifact.replaceable import JUNIT_REPORT, NewFile, require_replaceable, write_files
from ...rasp_grammar.diagnostics import Diagnostic, RaspError
from .build_state import STATE
from .index_file import INDEX, status_counts
from .records import LIBRARY, BuildEntry

#: Characters that XML 1.0 does not allow, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def require_room(path: Path, output: Path, *, inputs: Iterable[Path], force: bool) -> None:
    """Raise RaspError where `write` would, or where the report would be another file of the build into `output`."""
    if any(os.path.realpath(path) == os.path.realpath(output / name) for name in (INDEX, STATE)):
        message = f"`{path}` is a file that the build itself writes"
        raise RaspError(Diagnostic("would-overwrite", message, None, "choose another place"))
    require_replaceable({path: JUNIT_REPORT}, inputs=inputs, force=force)


def write(path: Path, entries: Sequence[BuildEntry], *, inputs: Iterable[Path] = (), force: bool = False) -> None:
    """Write the report; makes its folder if that is missing.  Raises RaspError (see `replaceable`) and OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_files({path: NewFile(JUNIT_REPORT, (render(entries),))}, inputs=inputs, force=force)


def render(entries: Sequence[BuildEntry]) -> bytes:
    """The report as UTF-8 XML: failures hold their diagnostics, skipped cases the reason."""
    numbers = status_counts(entries)
    totals = {
        "tests": str(len(entries)),
        "failures": str(numbers["failed"]),
        "errors": "0",
        "skipped": str(numbers["skipped"]),
        "time": f"{sum(entry.seconds for entry in entries if not entry.cached):.3f}",
    }
    named = {"name": "raspc build", **totals}
    root = ElementTree.Element("testsuites", {name: text for name, text in named.items() if name != "skipped"})
    suite = ElementTree.SubElement(root, "testsuite", named)
    for entry in entries:
        folder, _, name = entry.target.name.rpartition("/")
        seconds = 0.0 if entry.cached else entry.seconds
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=_clean(folder.replace("/", ".") or "programs"),
            name=_clean(name),
            time=f"{seconds:.3f}",
        )
        said = _clean("\n".join(message.text for message in entry.messages))
        match entry.status:
            case "failed":
                first = entry.errors[0].fields if entry.errors else {"code": "failed", "message": "failed"}
                failure = ElementTree.SubElement(
                    case, "failure", type=_clean(str(first["code"])), message=_clean(str(first["message"]))
                )
                failure.text = said
            case "skipped":
                ElementTree.SubElement(case, "skipped", message=LIBRARY)
            case "ok" if said:
                ElementTree.SubElement(case, "system-err").text = said
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
