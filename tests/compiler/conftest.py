"""Lets the tests here import `handmade` by name, however pytest imports them."""

import sys
from pathlib import Path

for folder in ("compiler", "support"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))
