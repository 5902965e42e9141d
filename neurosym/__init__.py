"""Spiking perception, spiking logic and a reasoner in one differentiable chain."""

from importlib.util import find_spec as _find_spec
from pathlib import Path as _Path


def _refuse_strangers() -> None:
    """Say so when another module that bears the name of one of our packages stands before it on ``sys.path``."""
    home = _Path(__file__).resolve().parent.parent
    for name in ("logic", "perception", "reasoner"):
        spec = _find_spec(name)
        found = spec.origin if spec else None
        if not found or _Path(found).resolve().parent != home / name:
            raise ImportError(
                f"neurosym needs its own package '{name}' ({home / name}), but Python finds {found or 'nothing'}. "
                f"Rename that module, or run with 'python -P' so that the script's folder is not searched first."
            )


_refuse_strangers()

from logic.face import attach as _attach  # noqa: E402 - only if it is ours

__getattr__, __dir__ = _attach(__name__, __file__)
