"""The rows of the benchmark's table and their limits."""

from __future__ import annotations

from dataclasses import dataclass

#: Peak memory of a compilation: this many times the weights, and the rest of the process.
PEAK_WEIGHTS = 4
PEAK_REST = 300_000_000

#: Bytes of a parameter.
FLOAT32 = 4


@dataclass(frozen=True)
class Row:
    """A program at a size.  `at_most` holds the limits on parameters, default and -Os, `seconds` that on the time
    of a compilation; None: no limit is set."""

    program: str
    size: int
    longest: int
    at_most: tuple[int, int] | None = None
    seconds: float | None = None
    long: bool = False


#: Programs and sizes as in `tracr.json`.
SIZES = (
    Row("reverse", 5, 5),
    Row("reverse", 52, 10, (40_000, 2_500)),
    Row("reverse", 52, 20, (44_000, 3_000)),
    Row("reverse", 52, 40, (50_000, 4_000)),
    Row("reverse", 52, 80, (64_000, 6_000)),
    Row("hist", 5, 5),
    Row("hist", 52, 10, (24_000, 2_000)),
    Row("hist", 52, 20, (26_000, 2_500)),
    Row("hist", 52, 40, (30_000, 3_000)),
    Row("hist", 52, 80, (34_000, 4_500)),
    Row("sort", 5, 5),
    Row("sort", 10, 10, (8_000, 7_000)),
    Row("sort", 20, 20, (18_000, 11_000)),
    Row("sort", 40, 40, (62_000, 22_000)),
    Row("sort_unique", 5, 5),
    Row("sort_freq", 5, 5, (6_000, 5_000)),
    Row("frac_prevs", 3, 5),
    Row("pair_balance", 2, 5),
    Row("shuffle_dyck2", 4, 5, (6_000, 4_000)),
    Row("shuffle_dyck", 4, 5, (6_000, 4_000)),
)

#: Long inputs, checked on at least `POSITIONS` tokens each.
LENGTHS = (
    Row("reverse", 64, 1024, seconds=1.0, long=True),
    Row("reverse", 64, 4096, seconds=5.0, long=True),
    Row("hist", 64, 4096, seconds=5.0, long=True),
    Row("sort", 64, 256, seconds=1.0, long=True),
    Row("sort", 64, 1024, seconds=5.0, long=True),
    Row("dyck1", 2, 1024, seconds=5.0, long=True),
    Row("running_count", 8, 1024, seconds=5.0, long=True),
    Row("letters_so_far", 8, 1024, seconds=5.0, long=True),
    Row("frac_prevs", 8, 1024, seconds=5.0, long=True),
    Row("sort_by_frequency", 32, 256, seconds=5.0, long=True),
    Row("sort_freq", 32, 256, seconds=5.0, long=True),
)

POSITIONS = 20_000

#: Where Tracr's measured model has another name: its shuffle_dyck2 answers for the whole input, as `shuffle_dyck`
#: does; `shuffle_dyck2` answers for every prefix, which is more.
TRACR_NAMES = {"shuffle_dyck": "shuffle_dyck2"}
