"""`raspc fuzz`: compiles random programs, and compares the models with the interpreter."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from .. import __version__
from .options import json_option
from .report_errors import Report, print_to_standard_error

if TYPE_CHECKING:
    from ..tools.fuzz.campaign import Summary


@click.command(short_help="Test the compiler on random programs.")
@click.option("--programs", type=click.IntRange(min=1), default=300, show_default=True, metavar="N", help="How many.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="S", help="Choose other programs.")
@click.option(
    "--inputs", type=click.IntRange(min=1), default=50, show_default=True, metavar="K", help="Inputs per program."
)
@click.option("--jobs", type=click.IntRange(1, 256), default=1, show_default=True, metavar="J", help="Processes.")
@click.option("-Os", "small", is_flag=True, help="Compile for fewer parameters.")
@click.option("--causal", is_flag=True, help="Compile to causal attention.")
@json_option
@click.pass_obj
def command(report: Report, programs: int, seed: int, inputs: int, jobs: int, small: bool, causal: bool) -> None:
    """Generate random RASP programs, compile them, and compare the models with the interpreter.

    Programs that the compiler refuses are counted by the code of its diagnostic.  A wrong answer or an internal error
    is shown with a small program that has it; the exit status is 1 then.

    \b
    raspc fuzz --programs 300 --seed 7
    raspc fuzz --programs 20000 --jobs 2 -Os
    """
    from ..tools.fuzz.campaign import CampaignSettings, run
    from ..tools.fuzz.summary_text import summary_json, summary_lines

    def progress(index: int, summary: Summary) -> None:
        if (index + 1) % 1000 == 0 and not report.as_json:
            print_to_standard_error(f"{index + 1:,} of {programs:,} programs")

    summary = run(programs, CampaignSettings(seed, inputs, small, causal), jobs, progress)
    if report.as_json:
        settings = {"seed": seed, "inputs_per_program": inputs, "small": small, "causal": causal}
        print(json.dumps({"version": __version__, **settings, **summary_json(summary)}))
    else:
        print("".join(f"{line}\n" for line in summary_lines(summary)), end="")
    if summary.failed:
        report.error("fuzz-failed", "the compiler is wrong on some programs", "please report the small programs above")
