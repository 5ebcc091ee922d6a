"""Compares any two answerers (a program, a model, a function) over inputs: coverage and a small counterexample.

Inputs are arrays of token ids [input, position]: places in the vocabulary, one length in each array.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeAlias

import numpy as np

from ...compiler.graph.values import Scalar
from ...compiler.interpret.batch_values import Codes
from ...compiler.interpret.sample_inputs import Input, all_ids, count_inputs, ids_of, sampled_inputs
from .minimise import minimal

#: The values of an output at each position of an input; None where the output is undefined.
Answer: TypeAlias = "Sequence[Scalar] | None"

#: Whether a candidate's value is right, given the reference's.
Equal = Callable[[Scalar, Scalar], bool]

#: Inputs that a function answers at once.
FUNCTION_BATCH = 1024

#: Rounds of a comparison with a time limit.
_ROUNDS = 16

#: A watched comparison makes its batches so large that each takes about this many seconds.
_WATCH_SECONDS = 0.25


class Answerer(Protocol):
    """Answers inputs, for one output or several."""

    def batch_size(self, length: int) -> int:
        """The number of inputs of this length that are best answered at once."""
        ...

    def answers(self, ids: Codes) -> Sequence[Sequence[Answer]]:
        """[output][input] of ids [input, position]."""
        ...


@dataclass(frozen=True)
class FunctionAnswers:
    """A Python function of one input as an answerer with one output."""

    function: Callable[[Input], Answer]
    vocabulary: Sequence[Scalar]

    def batch_size(self, length: int) -> int:
        return FUNCTION_BATCH

    def answers(self, ids: Codes) -> list[list[Answer]]:
        return [[self.function(tuple(self.vocabulary[token] for token in row)) for row in ids.tolist()]]


@dataclass(frozen=True)
class Inputs:
    """The inputs of a comparison.

    exhaustive: these are all inputs there are.  count: how many there are of the vocabulary, up to the longest length.
    size: the number of inputs in the batches.
    """

    batches: Iterable[Codes]
    exhaustive: bool
    count: int
    size: int

    @classmethod
    def every(cls, vocabulary: Sequence[Scalar], max_length: int) -> Inputs:
        """All inputs of 1 to `max_length` tokens."""
        tokens = len(vocabulary)
        count = count_inputs(tokens, max_length)
        return cls(all_ids(tokens, max_length), exhaustive=True, count=count, size=count)

    @classmethod
    def sample(cls, vocabulary: Sequence[Scalar], max_length: int, samples: int, seed: int = 0) -> Inputs:
        """Structured inputs, then random ones: see `sampled_inputs`."""
        chosen = sampled_inputs(vocabulary, max_length, samples, seed)
        return cls.listed(chosen, vocabulary, max_length)

    @classmethod
    def listed(cls, inputs: Iterable[Input], vocabulary: Sequence[Scalar], max_length: int) -> Inputs:
        """Given inputs, the shortest first."""
        chosen = list(inputs)
        count = count_inputs(len(vocabulary), max_length)
        return cls(ids_of(chosen, vocabulary), exhaustive=False, count=count, size=len(chosen))

    def in_rounds(self) -> Inputs:
        """The same sample in rounds, each with inputs of every length: a comparison may stop after any of them."""
        if self.exhaustive:
            return self
        by_length = [np.array_split(batch, min(_ROUNDS, len(batch))) for batch in self.batches]
        rounds = [parts[number] for number in range(_ROUNDS) for parts in by_length if number < len(parts)]
        return replace(self, batches=rounds)


@dataclass(frozen=True)
class Counterexample:
    """An input on which two answerers differ, the first position where they do, and their values there.

    `candidate` is None if the candidate has no answer at all.
    """

    tokens: Input
    position: int
    candidate: Scalar | None
    reference: Scalar


@dataclass
class Comparison:
    """The result for one output.

    exhaustive, input_space: see `Inputs`.  compared: inputs that both answered.  undefined: inputs left out because the
    reference's output is undefined.  positions: values compared.  lengths: those of the inputs compared.  stopped: the
    watch ended the comparison before its last input; it is not exhaustive then.
    """

    output: str
    exhaustive: bool = False
    input_space: int = 0
    compared: int = 0
    undefined: int = 0
    positions: int = 0
    lengths: set[int] = field(default_factory=set)
    stopped: bool = False
    counterexample: Counterexample | None = None


class Observer(Protocol):
    """Is told of right answers, just after the candidate gave them."""

    def __call__(self, output: int, ids: Codes, answers: Sequence[Answer]) -> None:
        """Inputs ids [input, position], all that the candidate answered last, and the reference's answers."""
        ...


class Watch(Protocol):
    """Is told of progress, and decides whether to go on."""

    def __call__(self, done: int) -> bool:
        """`done` inputs are compared.  Returns whether the comparison goes on."""
        ...


def same_value(candidate: Scalar, reference: Scalar) -> bool:
    """Equal, and truth values only equal to truth values."""
    return isinstance(candidate, bool) == isinstance(reference, bool) and candidate == reference


def compare(
    candidate: Answerer,
    reference: Answerer,
    inputs: Inputs,
    vocabulary: Sequence[Scalar],
    *,
    outputs: Sequence[str] = ("output",),
    equal: Sequence[Equal] = (same_value,),
    confirm: Answerer | None = None,
    observe: Observer | None = None,
    watch: Watch | None = None,
) -> list[Comparison]:
    """A comparison for each output, of all inputs or, after its first counterexample, of those before it.

    A watch is asked after each batch whether to go on; the batches are small then.

    `outputs` and `equal` have an item for each output.  Counterexamples are minimised with single inputs, which
    `confirm` answers instead of the reference, if given: it must agree with the reference.
    """
    comparisons = [Comparison(name, inputs.exhaustive, inputs.count) for name in outputs]
    differing: dict[int, Input] = {}
    done, pace = 0, _Pace() if watch is not None else None
    for ids in _parts(inputs.batches, reference, pace=pace):
        expected = reference.answers(ids)
        for number, comparison in enumerate(comparisons):
            if number not in differing:
                comparison.undefined += sum(answer is None for answer in expected[number])
        defined = np.array([any(answer is not None for answer in of_input) for of_input in zip(*expected, strict=True)])
        places = defined.nonzero()[0]
        for part in _parts([places[:, None]], candidate, ids.shape[1]):
            rows = part[:, 0]
            got = candidate.answers(ids[rows])
            for number, comparison in enumerate(comparisons):
                if number in differing:
                    continue
                right = [expected[number][row] for row in rows.tolist()]
                wrong = _add(comparison, ids[rows], got[number], right, equal[number])
                if wrong is not None:
                    differing[number] = tuple(vocabulary[token] for token in ids[rows[wrong]].tolist())
                elif observe is not None:
                    observe(number, ids[rows], right)
        if len(differing) == len(comparisons):
            break
        done += len(ids)
        if watch is not None and not watch(done) and done < inputs.size:
            for comparison in comparisons:
                comparison.stopped, comparison.exhaustive = True, False
            break
    for number, tokens in differing.items():
        judge = reference if confirm is None else confirm
        difference = _Difference(candidate, judge, vocabulary, number, equal[number])
        comparisons[number].counterexample = difference.minimised(tokens)
    return comparisons


class _Pace:
    """Chooses how many inputs a batch holds, by the time that the last one took."""

    def __init__(self) -> None:
        self.size = 1
        self._started = time.monotonic()

    def step(self) -> None:
        """Call this after each batch."""
        now = time.monotonic()
        if now - self._started < _WATCH_SECONDS / 2:
            self.size *= 2
        elif now - self._started > 2 * _WATCH_SECONDS:
            self.size = max(1, self.size // 2)
        self._started = now


def _parts(
    batches: Iterable[Codes], answerer: Answerer, length: int | None = None, pace: _Pace | None = None
) -> Iterator[Codes]:
    """The rows of the batches, as many at once as the answerer takes of this length (the rows' own, if None)."""
    for batch in batches:
        most = answerer.batch_size(batch.shape[1] if length is None else length)
        start = 0
        while start < len(batch):
            rows = most if pace is None else min(most, pace.size)
            yield batch[start : start + rows]
            start += rows
            if pace is not None:
                pace.step()


def _add(
    comparison: Comparison, ids: Codes, got: Sequence[Answer], right: Sequence[Answer], equal: Equal
) -> int | None:
    """Count the inputs that the reference answers; the row of the first wrong answer."""
    answered = sum(answer is not None for answer in right)
    comparison.compared += answered
    comparison.positions += answered * ids.shape[1]
    if answered > 0:
        comparison.lengths.add(ids.shape[1])
    for row, (answer, expected) in enumerate(zip(got, right, strict=True)):
        if expected is not None and _first_difference(answer, expected, equal) is not None:
            return row
    return None


def _first_difference(got: Answer, expected: Sequence[Scalar], equal: Equal) -> int | None:
    """The first position with a wrong value; None if all are right."""
    if got is None:
        return 0
    if got == expected and list(map(type, got)) == list(map(type, expected)):
        return None  # quick, and the usual case
    pairs = zip(got, expected, strict=True)
    return next((place for place, (value, right) in enumerate(pairs) if not equal(value, right)), None)


@dataclass(frozen=True)
class _Difference:
    """The difference of two answerers on single inputs."""

    candidate: Answerer
    reference: Answerer
    vocabulary: Sequence[Scalar]
    output: int
    equal: Equal

    def minimised(self, tokens: Input) -> Counterexample:
        """A counterexample as short and simple as can be, from an input with a difference."""
        smallest = minimal(tokens, lambda shorter: len(shorter) > 0 and self.at(shorter) is not None, self.vocabulary)
        found = self.at(smallest)
        assert found is not None, f"the two references differ on {tokens}"
        return found

    def at(self, tokens: Input) -> Counterexample | None:
        [ids] = ids_of([tokens], self.vocabulary)
        expected = self.reference.answers(ids)[self.output][0]
        if expected is None:
            return None
        got = self.candidate.answers(ids)[self.output][0]
        place = _first_difference(got, expected, self.equal)
        if place is None:
            return None
        return Counterexample(tokens, place, None if got is None else got[place], expected[place])
