"""The sections of the report on random programs and mutants, read from the files that the two campaigns write.

`make fuzz` writes fuzz.json, and `python -m raspc.benchmarks.mutants --write benchmarks/mutants.json` the other.  Both
take hours, so that `run_all` only reads their files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent


def fuzzed(path: Path = FOLDER / "fuzz.json") -> str:
    """A paragraph on the campaign of random programs."""
    if not path.exists():
        return "No campaign of random programs: `make fuzz` runs one."
    found = _read(path)
    settings = (" -Os" if found["small"] else "") + (" --causal" if found["causal"] else "")
    refused = sum(found["refused"].values())
    reasons = ", ".join(f"{code} {count:,}" for code, count in sorted(found["refused"].items()))
    more = sum(found["more_failures"].values())
    wrong = f"{len(found['mismatches']):,} mismatches, {len(found['internal_errors']):,} internal errors"
    command = f"--programs {found['programs']} --seed {found['seed']} --inputs {found['inputs_per_program']}{settings}"
    compared = f"{found['inputs']:,} inputs, {found['positions']:,} positions compared with the interpreter"
    return (
        f"`raspc fuzz {command}` (`make fuzz`), raspc {found['version']}: {compared}"
        f" ({found['undefined']:,} inputs more have an undefined output): **{wrong}**"
        + (f", {more:,} failures more" if more else "")
        + f".  Refused: {refused:,} programs ({refused / found['programs']:.2%}); by code: {reasons}."
    )


def mutated(path: Path = FOLDER / "mutants.json") -> str:
    """A paragraph on the sample of mutants, and the list of the survivors."""
    if not path.exists():
        return "No sample of mutants: `python -m raspc.benchmarks.mutants --write benchmarks/mutants.json` takes one."
    found = _read(path)
    share = found["killed"] / found["mutants"]
    text = (
        f"`python -m raspc.benchmarks.mutants --mutants {found['mutants']} --seed {found['seed']}`: the tests kill"
        f" {found['killed']:,} of {found['mutants']:,} mutants of compiler/lower ({share:.1%}; goal: 85%), drawn from"
        f" {found['population']:,}."
    )
    survivors = [
        f"- survived{f' ({verdict})' if (verdict := one['verdict']) is not None else ''}: `{one['mutant']}`"
        for one in found["survivors"]
    ]
    return "\n".join([text, "", *survivors] if survivors else [text])


def _read(path: Path) -> Mapping[str, Any]:
    found = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found
