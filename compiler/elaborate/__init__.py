"""A syntax tree comes in, a program graph goes out: all that is not sequence computation is run and is gone."""

from __future__ import annotations

from .declarations import require_input_space
from .program import elaborate, parse_vocabulary

__all__ = ["elaborate", "parse_vocabulary", "require_input_space"]
