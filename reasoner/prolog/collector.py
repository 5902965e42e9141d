"""Python's garbage collector waits while many small objects are made that form no circles."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Generator[None]:
    """Within it, or in a function that it decorates, no circles are looked for: each look goes through all objects."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
