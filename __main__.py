"""`python -m raspc` is the command `raspc`."""

import sys

from .cli.main import main

sys.exit(main())
