"""The table of simulators; a new one is its row's file, its adapter and a line here."""

from difflib import get_close_matches

from ..errors import NetworkError
from .foreign_simulator import Simulator
from .on_brian import BRIAN2, BRIAN2_LOIHI
from .on_icarus import RTL
from .on_lava import LAVA
from .on_nest import NEST
from .on_sanafe import SANAFE
from .on_torch import NORSE, SINABS, SNNTORCH, SPIKINGJELLY
from .on_xylo import XYLO

SIMULATORS: tuple[Simulator, ...] = (
    SNNTORCH, NORSE, SPIKINGJELLY, SINABS, NEST, BRIAN2, BRIAN2_LOIHI, LAVA, SANAFE, XYLO, RTL,
)  # fmt: skip


def find_simulators(names: str) -> tuple[Simulator, ...]:
    """Simulators by names with commas between, or ``all``.

    Raises:
        NetworkError: if a name is unknown; a similar one is named.

    Example:
        >>> [simulator.name for simulator in find_simulators("nest,norse")]
        ['nest', 'norse']
    """
    if names.strip() == "all":
        return SIMULATORS
    known = {simulator.name: simulator for simulator in SIMULATORS}
    found: list[Simulator] = []
    for name in dict.fromkeys(filter(None, (part.strip() for part in names.split(",")))):
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise NetworkError(f"unknown target {name!r}; {hint}known: {', '.join(known)}, or all")
        found.append(known[name])
    if not found:
        raise NetworkError(f"no target is named; known: {', '.join(known)}, or all")
    return tuple(found)
