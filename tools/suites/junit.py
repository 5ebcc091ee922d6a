"""The JUnit XML report, for CI servers: one test case for each program."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from ...compiler.artifact.atomic_files import replace_files
from .index_file import status_counts
from .records import LIBRARY, BuildEntry

#: Characters that XML 1.0 does not allow, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(path: Path, entries: Sequence[BuildEntry]) -> None:
    """Write the report; makes its folder if that is missing.  Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_files({path: (render(entries),)})


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
