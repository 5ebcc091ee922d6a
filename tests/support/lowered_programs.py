"""Programs that take every construction of the lowering."""

from __future__ import annotations

DIGITS = "set vocab range({}); set max_length {}; "
COUNTS = (
    "ones = selector_width(select(tokens, 1, ==)); "
    "zeros = selector_width(select(tokens, 0, ==) and select(indices, indices, <=)); "
)
MEANS = "m = aggregate(select(indices, indices, <=), tokens); k = aggregate(select(indices, indices, >=), tokens); "
LONGEST = 12
#: The means of up to 12 numbers in 18..2500 are too many to list.
WIDE = f"set vocab [18, 19, 20, 21, 23, 2500]; set max_length {LONGEST}; "
LETTERS = 'set vocab "abc"; set max_length {}; '

#: Defines p1, p2, ...: the token 1, 2, ... positions before, `-` where there is none.
BACK = 'p{0} = aggregate(select(indices, indices - {0}, ==), tokens, "-"); '

#: A small program for each construction of the lowering.
CONSTRUCTIONS = {
    # scores: votes of truths that are made elsewhere
    "any of the truths holds at a key": LETTERS.format(5)
    + BACK.format(1)
    + BACK.format(2)
    + 'x = (p1 == "a" and tokens == "b") or (p2 == "c" and p1 == tokens); '
    + "y = p1 != tokens or p2 == tokens; has_focus(select(x or y, True, ==) and select(indices, indices, <));",
    "all of the truths hold at a key": LETTERS.format(5)
    + BACK.format(1)
    + BACK.format(2)
    + "x = p1 != tokens and indices >= 1; y = p2 != tokens and indices >= 2; "
    + "has_focus(select(x and y, True, ==) and select(indices, indices, <=));",
    "not all of the truths hold at a key": LETTERS.format(5)
    + BACK.format(1)
    + "x = p1 != tokens and indices >= 1; has_focus(select(x, False, ==) and select(indices, indices, <));",
    "none of the truths holds at a key": LETTERS.format(5)
    + BACK.format(1)
    + BACK.format(2)
    + "x = p1 == tokens or p2 == tokens; aggregate(select(x, False, ==) and select(indices, indices, <=), 1, 0);",
    "a vote beside another comparison": LETTERS.format(5)
    + BACK.format(1)
    + BACK.format(2)
    + "x = p1 != tokens and indices >= 1 and p2 != p1; "
    + "aggregate(select(x, True, ==) and select(tokens, tokens, ==) and select(indices, indices, <), 1, 0);",
    # scores: equality
    "equality of whole numbers": DIGITS.format(6, 5) + "selector_width(select(tokens, indices + 1, ==));",
    "equality of fractions": DIGITS.format(5, 4) + "selector_width(select(tokens / 2, indices / 3, ==));",
    "equality of numbers that never meet": DIGITS.format(5, 4) + "aggregate(select(tokens + 1/2, indices, ==), 1, 9);",
    "equality of large numbers": DIGITS.format(5, 4) + "selector_width(select(tokens * 1000, indices * 1000, ==));",
    "equality far from zero": DIGITS.format(6, 4) + "selector_width(select(tokens + 5000, indices + 5001, ==));",
    "equality of computed numbers": DIGITS.format(4, 4)
    + "n = selector_width(select(tokens, tokens, ==)); selector_width(select(n, tokens, ==));",
    "equality of strings": 'set vocab "abcde"; set max_length 4; selector_width(select(tokens, tokens, ==));',
    "equality with computed strings as queries": 'set vocab "abcd"; set max_length 4; '
    'q = aggregate(select(indices, indices - 1, ==), tokens, "a"); selector_width(select(tokens, q, ==));',
    "equality with computed strings as keys": 'set vocab "abcd"; set max_length 4; '
    'k = aggregate(select(indices, indices + 1, ==), tokens, "z"); selector_width(select(k, tokens, ==));',
    "equality of built strings": 'set vocab "abcd"; set max_length 3; '
    'q = tokens + aggregate(select(indices, 0, ==), tokens); aggregate(select(tokens + "a", q, ==), indices, 9);',
    "equality of strings and numbers": 'set vocab ["a", 1, 2, "b", 3]; set max_length 3; '
    "selector_width(select(tokens, indices, ==));",
    "classes of remainders": DIGITS.format(9, 4) + "selector_width(select(tokens % 4, (indices + 1) % 5, ==));",
    "classes of quotients": DIGITS.format(9, 4) + "aggregate(select(tokens // 2, indices, ==), tokens, 20);",
    # scores: orders and tables
    "an order over many classes": "set vocab range(3); set max_length 66; selector_width(select(indices, indices, <));",
    "an order of tokens over many classes": DIGITS.format(90, 6) + "selector_width(select(tokens, tokens, <));",
    "a weak order over many classes": DIGITS.format(90, 6)
    + "selector_width(select(tokens, tokens, >=) and select(indices, indices, <=));",
    "unequal": LETTERS.format(4) + "selector_width(select(tokens, tokens, !=));",
    "an order of strings with one side constant": LETTERS.format(4) + 'selector_width(select(tokens, "b", <=));',
    "only the query matters": DIGITS.format(4, 4) + "aggregate(select(2, tokens, <), indices, -1);",
    "nothing is selected": DIGITS.format(4, 4) + "aggregate(select(tokens, 9, ==), indices, 4) + tokens;",
    "everything is selected": DIGITS.format(3, 4) + "aggregate(full_s, tokens);",
    # heads
    "a mean with a default": DIGITS.format(4, 4) + "aggregate(select(tokens, indices, ==), indices, 7);",
    "a mean over several heads": DIGITS.format(3, 4)
    + "aggregate(select(tokens, tokens, ==) or select(indices, indices, <), tokens);",
    "one value over several heads": DIGITS.format(3, 4)
    + "s = select(tokens, tokens, ==) or select(indices, indices, <); "
    + "aggregate(s and select(indices, 1, ==), tokens, 8);",
    "a mean of means": DIGITS.format(2, 3)
    + "s = select(tokens, tokens, ==); aggregate(select(indices, indices, <=), aggregate(s, indices));",
    "strings with a default": LETTERS.format(4) + 'aggregate(select(indices, indices + 2, ==), tokens, "none");',
    "strings with one of them as default": LETTERS.format(4)
    + 'aggregate(select(indices, indices + 1, ==), tokens, "b");',
    "strings of which all selected are equal": LETTERS.format(4) + "aggregate(select(tokens, tokens, ==), tokens);",
    "truths": LETTERS.format(4) + 'aggregate(select(indices, indices - 1, ==), tokens == "a");',
    "a share of truths": LETTERS.format(4) + 'aggregate(select(indices, indices, <=), tokens == "a");',
    "numbers and strings": 'set vocab ["a", 1, 2]; set max_length 4; '
    'aggregate(select(indices, indices - 1, ==), tokens, "none");',
    "selected by a computed number": DIGITS.format(3, 4)
    + "before = select(tokens, tokens, ==) and select(indices, indices, <); "
    + "rank = selector_width(select(tokens, tokens, <) or before); aggregate(select(rank, indices, ==), tokens);",
    "a value that is computed late": LETTERS.format(4)
    + "n = selector_width(select(tokens, tokens, ==)); aggregate(select(indices, length - 1 - indices, ==), n);",
    # element-wise: one source
    "a function of one number": DIGITS.format(7, 3) + "(tokens - 3) * (tokens - 3) % 5;",
    "a function of one computed number": DIGITS.format(2, 5)
    + "n = selector_width(select(tokens, 1, ==)); (n - 2) * (n - 2) if n != 3 else -1;",
    "thresholds of a computed number": DIGITS.format(2, 5)
    + 'n = selector_width(select(tokens, 1, ==)); "few" if n < 2 else ("some" if n <= 3 else "many");',
    "a threshold of a mean": DIGITS.format(3, 4) + "aggregate(select(indices, indices, <=), tokens) >= 1;",
    "a rounded mean": DIGITS.format(3, 4) + "round(aggregate(select(indices, indices, <=), tokens));",
    "a quotient of a mean": DIGITS.format(3, 4) + "1 / (1 + aggregate(select(indices, indices, <=), tokens));",
    "a power": DIGITS.format(4, 3) + "tokens ^ 2 + 2 ^ indices;",
    "a table": LETTERS.format(3) + '{"a": 3, "b": "x", "c": 1}[tokens];',
    "a table of a computed number": DIGITS.format(2, 3)
    + '{0: "none", 1: "one", 2: "two", 3: "three"}[selector_width(select(tokens, 1, ==))];',
    # element-wise: several sources
    "a product of counts": DIGITS.format(2, 5)
    + "n = selector_width(select(tokens, 1, ==)); z = selector_width(select(tokens, 0, ==) and "
    + "select(indices, indices, <=)); n * z;",
    "a quotient of counts": DIGITS.format(2, 5)
    + "n = selector_width(select(tokens, 1, ==)); z = 1 + selector_width(select(indices, indices, <)); n // z;",
    "a remainder of counts": DIGITS.format(2, 5)
    + "n = selector_width(select(tokens, 1, ==)); z = 1 + selector_width(select(indices, indices, <)); n % z;",
    "a comparison of counts": DIGITS.format(2, 5)
    + "n = selector_width(select(tokens, 1, ==)); z = selector_width(select(tokens, 0, ==)); n > z;",
    "a sum of counts": DIGITS.format(3, 4)
    + "selector_width(select(tokens, 1, ==)) - 2 * selector_width(select(tokens, 2, ==)) + indices;",
    "a joint function of strings": LETTERS.format(4)
    + 'q = aggregate(select(indices, indices - 1, ==), tokens, "-"); q + tokens;',
    "membership of a joint string": LETTERS.format(4)
    + 'q = aggregate(select(indices, indices - 1, ==), tokens, "-"); (q + tokens) in ["ab", "ca", "-b"];',
    "a choice between a string and a number": LETTERS.format(4)
    + 'n = selector_width(select(tokens, tokens, ==)); n if tokens == "a" else tokens;',
    "truths of three sources": LETTERS.format(4)
    + BACK.format(1)
    + 'n = selector_width(select(tokens, "a", ==)); (p1 == "b" and n > 1) or (tokens == "c" and not n == 2);',
    "the larger of two": DIGITS.format(4, 4)
    + "q = aggregate(select(indices, indices - 1, ==), tokens, 2); q if q > tokens else tokens;",
    "a distance": DIGITS.format(4, 4) + "abs(aggregate(select(indices, indices - 1, ==), tokens, 2) - tokens);",
    "a joint function before attention": DIGITS.format(3, 4)
    + "selector_width(select((tokens + indices) % 3, tokens, ==));",
    # outputs
    "truths as output": DIGITS.format(4, 3) + "tokens > indices;",
    "many numbers as output": DIGITS.format(12, 3) + "tokens * tokens * 7 + indices;",
    "an output with one value far from the others": DIGITS.format(10, 4)
    + "(489 if tokens > indices else tokens) if selector_width(select(tokens, 4, ==)) > 1 else indices;",
    "fractions as output": DIGITS.format(5, 3) + "tokens / 3 - indices / 7;",
    "a constant": DIGITS.format(3, 3) + '"same" if indices >= 0 else "never";',
}

#: Functions of computed numbers, with the number of inputs to try.
NUMBER_FUNCTIONS = {
    "a product of a mean": (DIGITS.format(3, 6) + "aggregate(full_s, tokens) * (tokens + indices);", 60),
    "a product of two means": (
        DIGITS.format(3, 5) + "aggregate(full_s, tokens) * aggregate(select(indices, indices, <=), tokens);",
        60,
    ),
    "thresholds of three counts": (
        DIGITS.format(2, 40) + COUNTS + "y = selector_width(select(tokens, tokens, ==)); "
        "ones + zeros > 9 and (y > 20 or ones > zeros) and indices + y > 7;",
        60,
    ),
    "a mean that is compared and joined": (
        WIDE + MEANS + "m >= 20 and tokens > 19;",
        60,
    ),
    "undefined where it is not chosen": (
        DIGITS.format(4, 4) + "n = selector_width(select(tokens, tokens, ==)); "
        "(tokens / (n - n)) if n > 4 else n + tokens;",
        60,
    ),
    "one of two that may be undefined": (
        DIGITS.format(4, 4) + "a = tokens / selector_width(select(tokens, indices, ==)); "
        "b = indices / selector_width(select(tokens, indices + 1, ==)); "
        "a if tokens > 2 else (b if tokens > 1 else 4);",
        200,
    ),
    "three votes": (
        'set vocab "abc"; set max_length 5; p1 = aggregate(select(indices, indices - 1, ==), tokens, "-"); '
        'p2 = aggregate(select(indices, indices - 2, ==), tokens, "-"); '
        "x = p1 != tokens and p2 != tokens and p1 != p2; "
        "has_focus(select(x, True, ==) and select(indices, indices, <));",
        400,
    ),
    "what all positions share": (
        'set vocab "abc"; set max_length 5; a = selector_width(select(tokens, "a", ==)); '
        "selector_width(select(a, 2 * a - 1, <) and select(tokens, tokens, ==));",
        200,
    ),
    "a mean over several heads of a mean": (
        DIGITS.format(3, 3) + MEANS + "aggregate(select(tokens, tokens, ==) or select(indices, indices, <), m);",
        60,
    ),
    "a mean over several heads of a truth": (
        DIGITS.format(3, 3)
        + "aggregate(select(tokens, tokens, ==) or select(indices, indices, <), indices == tokens);",
        60,
    ),
}
