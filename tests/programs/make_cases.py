"""Writes the cases file of every shipped program from its oracle:  python -m raspc.tests.programs.make_cases

Deterministic: running it again changes nothing unless a program or an oracle has changed.
"""

from __future__ import annotations

import random

from raspc.compiler.graph.values import Scalar
from raspc.tests.programs.cases import Case, Shipped, render_cases, shipped_programs

#: Number of inputs of a cases file (fewer only if the program has fewer).
CASES_PER_PROGRAM = 20

#: Inputs that show the behaviour of a program and that random choice would rarely give, one string each.
CHOSEN_INPUTS: dict[str, list[str]] = {
    "paper/dyck1": ["(())()", "(()", "())(", "((()))"],
    "paper/dyck2": ["([])", "[()()]", "([)]", "(([]", "[]()[]"],
    "paper/dyck3": ["{[()]}", "{}[]()", "{[(])}", "((({{{", "([]{()})[]", "()()}"],
    "paper/shuffle_dyck2": ["([)]", "(([))]", "[(])]("],
    "paper/sort_by_frequency": ["abbccdddd", "eeddc"],
    "tracr/pair_balance": ["(a)(a)", "))(("],
    "tracr/shuffle_dyck": ["({)}", "(){}", "}{"],
    "tracr/detect_pattern": ["aabaab", "aaab", "baabaac"],
    "strings/palindrome": ["abcba", "abba", "abcbb"],
    "strings/caesar": ["hello world", "the quick brown fox", "xyz"],
    "strings/vowels": ["education", "rhythm", "transformer"],
    "strings/capitalize": ["ab cab", "a b c", " bc  a"],
    "strings/word_index": ["ab ba ab", "  a", "a b a b"],
    "strings/position_in_word": ["ab aba", "  aab", "a a a a"],
    "strings/word_length": ["ab aba", "  aab", "a a a a"],
    "strings/reverse_words": ["abc dd cab", "a bc bcd dcba", " ab", "ab "],
    "strings/kth_word": ["1 ab ba", "0 ab ba b", "2 a b ab", "2 a", "1 aa  b", "0 210 1"],
    "strings/induction": ["abcab", "abacad", "dcbadc", "aabb"],
    "strings/interleave": ["aabb", "abcd", "aaccb"],
    "strings/longest_run": ["aabbbabb", "ababab"],
    "strings/squeeze": ["aabbca", "abcabc", "ccccb"],
    "strings/matching_bracket": ["(()())", "())((", "((())"],
    "strings/contains_pattern": ["bbabab", "aabbaab"],
    "strings/count_pattern": ["abcab", "ababab", "aabb"],
    "arithmetic/addition": ["12+34", "99999+1", "1+99999", "5555+4445", "00+00", "49950+50", "7", "+", "1+2+3", "8+9"],
    "arithmetic/subtraction": ["110-011", "1000-0001", "0000-0001", "1111-1111", "10-01", "0-1"],
    "automata/flip_flop": ["--1--0-", "1-0-1--", "---"],
    "automata/toggle_reset": ["tt.t.rt", "t..tr.t", "rrtrt"],
    "automata/up_down_counter": ["++++++", "---+", "+-+-"],
    "automata/ab_star": ["ababab", "ab", "abba", "abcab"],
    "statistics/majority": ["aab", "abab", "ccbccab"],
    "statistics/mode": ["abba", "dccd", "aabbcc"],
    "statistics/count_letter": ["xyzzyx", "xxxxxxxxxxyxxxxxxxxxx"],
    "logic/balanced_counts": ["abcab", "aab", "ccc"],
    "logic/same_ends": ["abca", "abcd", "dd"],
    "logic/exactly_two": ["xyx", "xxx", "yxyzx"],
    "logic/alternates": ["abcab", "abbc", "cc"],
    "hard/dyck4": ["({[<>]})", "<{}>[]", "([)]", "<<<{{{", "[]()<{}>(", "{}}{"],
    "hard/long_addition": ["123456+654321", "99999999+1", "1+99999999", "55555555+44444445", "00+00", "9+1+2", "+"],
    "hard/long_subtraction": ["654321-123456", "10000000-1", "1-10000000", "7-7", "499-500", "-", "8-3-1", "7"],
    "hard/three_cups": ["lrl", "rlr", "lrlrlr", "l.r.l", "rrll"],
    "hard/automaton": ["cccs", "sms", "cmcmc", "sscm"],
    "hard/inference": [
        "a<A.x<A:x<B.a<B?",
        "x<C:x<D.x<B:x<C.b<A.x<A:x<B.b<D?",
        "a<A.b<B.x<A:x<C.x<B:x<D.x<C:x<D.x<D:x<A.b<C?",
        "a<D?x<A:x<D.a<A.",
        "a<A.x<B:x<A.a<B?a<A?",
        "a<A.b<A:x<B.a<B?",
        "c<C.x<C:a<D.c<D?c<C?",
    ],
    "hard/find_pattern": ["ab|aabab", "a.c|abcacc", "|ab", "abcab|abcabcab", "aa", "abcabc|ccabcabcc", "..|a|b"],
    "hard/contains_five": ["abaab", "aabaaba", "abaaab", "ababaabab"],
    "hard/continue_pattern": ["abcabcab", "abacabacab", "aabaab", "abcdabcdab", "abcddcba", "dddd"],
    "hard/induction_head": ["abcab", "abacad", "dcbadc", "aabb"],
    "hard/longest_run_token": ["aabbbcc", "aabbcc", "abccba"],
}


def inputs_of(program: Shipped) -> list[list[Scalar]]:
    """Chosen inputs; inputs of length 1 and of maximum length; random inputs of every length."""
    vocabulary, longest = program.vocabulary, program.max_length
    # The seed is the name, so that a new program does not change the cases of the others.
    rng = random.Random(str(program))
    first, last = vocabulary[0], vocabulary[-1]
    inputs: list[list[Scalar]] = [list(text) for text in CHOSEN_INPUTS.get(str(program), [])]
    inputs += [
        [first],
        [last],
        [first] * longest,
        [last] * longest,
        [vocabulary[i * len(vocabulary) // longest] for i in range(longest)],
        [vocabulary[-1 - i % len(vocabulary)] for i in range(longest)],
        [first if i % 2 == 0 else last for i in range(longest)],
    ]
    different = {tuple(tokens): tokens for tokens in inputs}
    target = max(CASES_PER_PROGRAM, len(different) + 6)
    length = longest
    while len(different) < target:
        tokens = [rng.choice(vocabulary) for _ in range(length)]
        different.setdefault(tuple(tokens), tokens)
        length = length - 1 if length > 2 else longest
    return list(different.values())


def cases_of(program: Shipped) -> list[Case]:
    return [Case(tokens, program.oracle(list(tokens))) for tokens in inputs_of(program)]


if __name__ == "__main__":
    for program in shipped_programs():
        program.cases_path.write_text(render_cases(cases_of(program)), encoding="utf-8")
        print(f"{program}: {len(inputs_of(program))} cases")
