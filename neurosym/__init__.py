"""Spiking perception, spiking logic and a reasoner in one differentiable chain."""

from importlib import import_module as _import_module
from importlib.util import find_spec as _find_spec
from pathlib import Path as _Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the public names; each is loaded when first asked for, so that `neurosym --help` stays quick
    from logic import (
        Circuit,
        CircuitBuilder,
        CircuitError,
        Domain,
        DomainError,
        Gate,
        Literal,
        NetworkError,
        NeurosymError,
        Population,
        SpikingNetwork,
        Symbols,
        Synapses,
        Verdict,
    )

    from .doctor import diagnose
    from .report import write_report

_HOME = {
    "logic": (
        "Circuit CircuitBuilder CircuitError Domain DomainError Gate Literal NetworkError NeurosymError Population "
        "SpikingNetwork Symbols Synapses Verdict"
    ),
    "neurosym.doctor": "diagnose",
    "neurosym.report": "write_report",
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names.split()}

__all__ = [
    "Circuit", "CircuitBuilder", "CircuitError", "Domain", "DomainError", "Gate", "Literal", "NetworkError",
    "NeurosymError", "Population", "SpikingNetwork", "Symbols", "Synapses", "Verdict", "diagnose", "write_report",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'neurosym' has no attribute {name!r}")
    return getattr(_import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)


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
