"""The plans that pages are made of are those of the unit tests of ``render``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "unit"))
