"""The summary of a campaign, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from .campaign import Failure, Summary


def summary_lines(summary: Summary) -> Iterator[str]:
    yield (
        f"{summary.programs:,} programs, {summary.inputs:,} inputs, {summary.positions:,} positions compared; "
        f"{summary.undefined:,} inputs left out, their output is undefined"
    )
    share = 100 * summary.refused / summary.programs
    yield f"refused: {summary.refused:,} ({share:.2f}%)"
    yield from (f"  {code}: {count:,}" for code, count in sorted(summary.refusals.items()))
    for title, failures in (("mismatches", summary.mismatches), ("internal errors", summary.internal_errors)):
        count = len(failures) + sum(
            number
            for reason, number in summary.further_failures.items()
            if (reason == "mismatch") is (failures is summary.mismatches)
        )
        yield f"{title}: {count:,}"
        for failure in failures:
            yield f"  program {failure.index}: {_failure_line(failure)}"
            yield from (f"    {line}" for line in failure.reduced_text.splitlines())


def _failure_line(failure: Failure) -> str:
    result = failure.result
    if result.status == "mismatch":
        return result.detail
    return f"{result.reason}: {result.detail.strip().splitlines()[-1]}"


def summary_json(summary: Summary) -> dict[str, object]:
    return {
        "programs": summary.programs,
        "inputs": summary.inputs,
        "undefined": summary.undefined,
        "positions": summary.positions,
        "refused": dict(sorted(summary.refusals.items())),
        "mismatches": [_failure_json(failure) for failure in summary.mismatches],
        "internal_errors": [_failure_json(failure) for failure in summary.internal_errors],
        "more_failures": dict(sorted(summary.further_failures.items())),
    }


def _failure_json(failure: Failure) -> dict[str, object]:
    return {
        "program": failure.index,
        "minimal": failure.reduced_text,
        "text": failure.text,
        "reason": failure.result.reason,
        "detail": _failure_line(failure),
    }
