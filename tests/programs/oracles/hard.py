"""Programs of several steps: carries, proofs, permutations, patterns that are part of the input."""

import re
from itertools import groupby

_PARTNERS = {")": "(", "]": "[", "}": "{", ">": "<"}


def dyck4(tokens: list[str]) -> list[str]:
    verdicts: list[str] = []
    stack: list[str] = []
    for token in tokens:
        if token not in _PARTNERS:
            stack.append(token)
        elif not stack or stack.pop() != _PARTNERS[token]:
            return verdicts + ["F"] * (len(tokens) - len(verdicts))
        verdicts.append("P" if stack else "T")
    return verdicts


def long_addition(tokens: list[str]) -> list[int | str]:
    if tokens.count("+") > 1:
        return ["?"] * len(tokens)
    total = sum(int(number or "0") for number in "".join(tokens).split("+"))
    return [int(digit) for digit in str(total).zfill(len(tokens))]


def long_subtraction(tokens: list[str]) -> list[int | str]:
    if tokens.count("-") != 1:
        return ["?"] * len(tokens)
    first, second = (int(number or "0") for number in "".join(tokens).split("-"))
    digits: list[int | str] = [int(digit) for digit in str(abs(first - second)).zfill(len(tokens))]
    return ["-", *digits[1:]] if first < second else digits


def sort_by_distance(tokens: list[int]) -> list[int]:
    return sorted(tokens, key=lambda token: abs(token - tokens[0]))


def three_cups(tokens: list[str]) -> list[str]:
    cups = ["a", "b", "c"]
    seen: list[str] = []
    for token in tokens:
        if token == "l":
            cups[0], cups[1] = cups[1], cups[0]
        elif token == "r":
            cups[1], cups[2] = cups[2], cups[1]
        seen.append("".join(cups))
    return seen


def automaton(tokens: list[str]) -> list[int]:
    moves = {"c": (1, 2, 0), "s": (1, 0, 2), "m": (0, 0, 2)}
    state = 0
    states: list[int] = []
    for token in tokens:
        state = moves[token][state]
        states.append(state)
    return states


def inference(tokens: list[str]) -> list[str]:
    clauses = re.findall(r"[^.?]*[.?]", "".join(tokens))
    facts = {(fact[1], fact[2]) for clause in clauses if (fact := re.fullmatch(r"([abc])<([ABCD])\.", clause))}
    rules = {(rule[1], rule[2]) for clause in clauses if (rule := re.fullmatch(r"x<([ABCD]):x<([ABCD])\.", clause))}
    while new := {(who, then) for who, given in facts for when, then in rules if given == when} - facts:
        facts |= new
    answers = ["-"] * len(tokens)
    end = -1
    for clause in clauses:
        end += len(clause)
        if question := re.fullmatch(r"([abc])<([ABCD])\?", clause):
            answers[end] = "yes" if (question[1], question[2]) in facts else "no"
    return answers


def find_pattern(tokens: list[str]) -> list[bool]:
    pattern, bar, text = "".join(tokens).partition("|")
    if bar == "":
        return [False] * len(tokens)
    compared = pattern[-5:]
    ends = [False] * (len(pattern) + 1)
    for end in range(1, len(text) + 1):
        last = text[max(0, end - len(compared)) : end]
        ends.append(end >= len(pattern) and all(p in (".", t) for p, t in zip(compared, last, strict=True)))
    return ends


def contains_five(tokens: list[str]) -> list[bool]:
    return ["abaab" in "".join(tokens)] * len(tokens)


def continue_pattern(tokens: list[str]) -> list[str]:
    following: list[str] = []
    for end in range(1, len(tokens) + 1):
        prefix = tokens[:end]
        periods = [period for period in range(1, min(6, end - 1) + 1) if prefix[period:] == prefix[:-period]]
        following.append(prefix[-periods[0]] if periods else prefix[0])
    return following


def induction_head(tokens: list[str]) -> list[str]:
    following: list[str] = []
    for i, token in enumerate(tokens):
        earlier = [j for j in range(i) if tokens[j] == token]
        following.append(tokens[earlier[-1] + 1] if earlier else tokens[0])
    return following


def longest_run_token(tokens: list[str]) -> list[str]:
    runs = [(len(list(run)), token) for token, run in groupby(tokens)]
    return [max(runs, key=lambda run: run[0])[1]] * len(tokens)
