"""Marks for tests that need programs of others: they are skipped with the sentence that says how to install them."""

import pytest

from logic.hardware.tools import installed


def needs(*tools: str) -> pytest.MarkDecorator:
    """Skips a test where one of the programs is missing."""
    missing = [tool for tool in tools if not installed(tool)]
    return pytest.mark.skipif(bool(missing), reason=f"install them: apt install {' '.join(missing)}")
