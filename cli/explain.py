"""`raspc explain`: explains the code of a diagnostic."""

from __future__ import annotations

import json
from itertools import groupby

import click
from click.shell_completion import CompletionItem

from ..rasp_grammar.diagnostics import closest
from .explanation import Explanation, explanations
from .options import json_option
from .report_errors import Report


def _complete_codes(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    return [
        CompletionItem(one.code, help=one.summary) for one in explanations().values() if one.code.startswith(incomplete)
    ]


@click.command(short_help="Explain a diagnostic's code.")
@click.argument("code", metavar="[CODE]", required=False, shell_complete=_complete_codes)
@json_option
@click.pass_obj
def command(report: Report, code: str | None) -> None:
    """Explain the CODE that stands in brackets after a diagnostic, with an example and what to do about it.

    Without CODE, list all codes.

    \b
    raspc explain unknown-name
    raspc explain C202
    """
    known = explanations()
    shown = list(known.values()) if code is None else [_find(code, known)]
    if report.as_json:
        for one in shown:
            print(json.dumps({"code": one.code, "group": one.group, "summary": one.summary, "text": one.body}))
    elif code is None:
        print("\n\n".join(_list(group, list(members)) for group, members in groupby(shown, lambda one: one.group)))
    else:
        print(shown[0].as_text())


def _find(code: str, known: dict[str, Explanation]) -> Explanation:
    """The explanation of a code, which may be written in brackets and in capitals."""
    by_name = {name.lower(): explanation for name, explanation in known.items()}
    name = code.strip("[]").lower()
    if name in by_name:
        return by_name[name]
    close = closest(name, by_name)
    hint = f"Did you mean {by_name[close[0]].code!r}?" if close else "`raspc explain` lists the codes."
    raise click.UsageError(f"No such code {code!r}. {hint}")


def _list(group: str, members: list[Explanation]) -> str:
    width = max(len(one.code) for one in members)
    return "\n".join([group, *(f"  {one.code:<{width}}  {one.summary}" for one in members)])
