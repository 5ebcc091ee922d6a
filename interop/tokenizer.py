"""A vocabulary as a Hugging Face tokenizer: two JSON files, no code.

Texts are split into tokens by the first of these rules that applies:

- Every token is one character: each character is a token; blanks are ignored unless a blank is a token.
- A blank is a token: at each place the longest token that fits is taken.
- Otherwise blanks separate tokens, and a token with blanks inside is matched whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction

from ..compiler.artifact.manifest import Manifest
from ..compiler.graph.values import Scalar, show

#: Names for BOS; `bos_name` takes the first with a character that is in no token.
_BOS_NAMES = ("<bos>", "[BOS]", "{BOS}", "\N{SYMBOL FOR START OF HEADING}")


def token_texts(vocabulary: Sequence[Scalar]) -> list[str]:
    """The text of each token as `raspc run` reads it, in the order of their ids.

    If a string and a number have the same text (the string "1" and the number 1), the string keeps it.  The number's
    text gets its id, `1 (id 7)`: no input text means it.
    """
    texts = [_text(token) for token in vocabulary]
    taken = {token for token in vocabulary if isinstance(token, str)}
    result = []
    for index, (token, text) in enumerate(zip(vocabulary, texts, strict=True)):
        if not isinstance(token, str) and text in taken:
            text = f"{text} (id {index})"
        taken.add(text)
        result.append(text)
    return result


def _text(token: Scalar) -> str:
    if isinstance(token, Fraction) and Fraction(show(token)) != token:
        return f"{token.numerator}/{token.denominator}"
    return show(token)


def bos_name(texts: Iterable[str]) -> str:
    """A name for BOS with a character that is in no token."""
    characters = set("".join(texts))
    for name in _BOS_NAMES:
        if not set(name) <= characters:
            return name
    return next(chr(code) for code in range(0xE000, 0xF8FF) if chr(code) not in characters)


def tokenizer_files(manifest: Manifest) -> dict[str, object]:
    """The contents of `tokenizer.json` and `tokenizer_config.json`, by file name."""
    texts = token_texts(manifest.vocabulary)
    bos = bos_name(texts)
    by_character = all(len(text) == 1 for text in texts)
    pattern = _pattern(texts, by_character)
    special = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": manifest.bos, "content": bos, **special}],
        "normalizer": None,
        "pre_tokenizer": {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Removed", "invert": True},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": bos, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [
                {"SpecialToken": {"id": bos, "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"Sequence": {"id": "B", "type_id": 0}},
            ],
            "special_tokens": {bos: {"id": bos, "ids": [manifest.bos], "tokens": [bos]}},
        },
        "decoder": {"type": "Fuse"} if by_character else None,
        "model": {
            "type": "WordLevel",
            "vocab": {text: index for index, text in enumerate([*texts, bos])},
            # The vocabulary does not have this token, so the tokenizer raises an error for unknown text.
            "unk_token": bos_name([*texts, bos]) + "unknown",
        },
    }
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": bos,
        "pad_token": bos,  # the attention mask tells padding from BOS
        "padding_side": "right",
        "model_max_length": manifest.n_ctx,
        "model_input_names": ["input_ids", "attention_mask"],
        "clean_up_tokenization_spaces": False,
    }
    return {"tokenizer.json": tokenizer, "tokenizer_config.json": config}


def _pattern(texts: Sequence[str], by_character: bool) -> str:
    """A regular expression that matches one token of a text."""
    spaced = [text for text in texts if re.search(r"\s", text)]
    if by_character:
        return r"[\s\S]" if len(spaced) > 0 else r"\S"
    if any(text.isspace() for text in spaced):
        return "|".join([*_alternatives(texts), r"[\s\S]"])
    return "|".join([*_alternatives(spaced), r"\S+"])


def _alternatives(texts: Sequence[str]) -> list[str]:
    """Patterns for texts, the longest first."""
    return [re.escape(text) for text in sorted(texts, key=lambda text: (-len(text), text)) if text != ""]
