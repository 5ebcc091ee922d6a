"""State machines: each is run here token by token, as machines are."""


def parity(tokens: list[int]) -> list[bool]:
    odd = False
    result = []
    for token in tokens:
        odd ^= token == 1
        result.append(odd)
    return result


def flip_flop(tokens: list[str]) -> list[str]:
    state = "0"
    result = []
    for token in tokens:
        state = state if token == "-" else token
        result.append(state)
    return result


def up_down_counter(tokens: list[str]) -> list[int]:
    state = 0
    result = []
    for token in tokens:
        state = (state + (1 if token == "+" else 3)) % 4
        result.append(state)
    return result


def toggle_reset(tokens: list[str]) -> list[str]:
    transitions = {("off", "t"): "on", ("on", "t"): "off", ("off", "r"): "off", ("on", "r"): "off"}
    state = "off"
    result = []
    for token in tokens:
        state = transitions.get((state, token), state)
        result.append(state)
    return result


def traffic_light(tokens: list[str]) -> list[str]:
    after = {"red": "green", "green": "yellow", "yellow": "red"}
    state = "red"
    result = []
    for token in tokens:
        state = after[state] if token == "tick" else state
        result.append(state)
    return result


def mod_sum(tokens: list[int]) -> list[int]:
    state = 0
    result = []
    for token in tokens:
        state = (state + token) % 3
        result.append(state)
    return result


def ab_star(tokens: list[str]) -> list[bool]:
    transitions = {("start", "a"): "a", ("a", "b"): "b", ("b", "a"): "a"}
    state = "start"
    result = []
    for token in tokens:
        state = transitions.get((state, token), "dead")
        result.append(state == "b")
    return result


def elevator(tokens: list[str]) -> list[int]:
    floor = 0
    result = []
    for token in tokens:
        floor = {"up": floor + 1, "down": floor - 1, "top": 3, "ground": 0}[token]
        result.append(min(3, max(0, floor)))
    return result


def vending_machine(tokens: list[int]) -> list[int | str]:
    to_pay = 50
    result: list[int | str] = []
    for token in tokens:
        to_pay -= token
        result.append(to_pay if to_pay > 0 else "open")
    return result
