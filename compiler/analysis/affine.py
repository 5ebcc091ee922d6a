"""Affine combinations of s-ops: `length - indices - 1`, `2 * count + 1`.

A linear form over the residual stream gives every affine function without neurons.  So the compiler writes each numeric
expression as an affine combination of *atoms*: s-ops that are not themselves sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from ..graph.graph import SOp

Coefficient = int | Fraction


@dataclass(frozen=True)
class Affine:
    """`constant + sum of coefficient * atom` over `terms`; no coefficient is zero, atoms are ordered by id."""

    terms: tuple[tuple[SOp, Coefficient], ...]
    constant: Coefficient

    @staticmethod
    def of(terms: Mapping[SOp, Coefficient], constant: Coefficient) -> Affine:
        kept = sorted(((atom, c) for atom, c in terms.items() if c != 0), key=lambda term: term[0].id)
        return Affine(tuple(kept), constant)

    def plus(self, other: Affine) -> Affine:
        terms: dict[SOp, Coefficient] = dict(self.terms)
        for atom, coefficient in other.terms:
            terms[atom] = terms.get(atom, 0) + coefficient
        return Affine.of(terms, self.constant + other.constant)

    def times(self, factor: Coefficient) -> Affine:
        return Affine.of({atom: c * factor for atom, c in self.terms}, self.constant * factor)

    def minus(self, other: Affine) -> Affine:
        return self.plus(other.times(-1))

    def normalised(self) -> tuple[Affine, Coefficient, Coefficient]:
        """(unit, scale, shift) with `self = scale * unit + shift`; affine functions of one another have equal units.

        The unit's coefficients are whole and its constant is 0, so its values are whole if its atoms' values are."""
        assert self.terms
        scale = self.terms[0][1]
        unit = Affine.of({atom: Fraction(c) / Fraction(scale) for atom, c in self.terms}, 0)
        denominator = lcm(*(Fraction(c).denominator for _, c in unit.terms))
        if denominator != 1:
            unit, scale = unit.times(denominator), Fraction(scale) / denominator
        whole = {atom: c.numerator if isinstance(c, Fraction) and c.denominator == 1 else c for atom, c in unit.terms}
        return Affine.of(whole, 0), scale, self.constant
