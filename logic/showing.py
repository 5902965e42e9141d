"""How circuits and networks show themselves: a line and a small table as text, a drawing in a notebook."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .circuit import Circuit, Gate

if TYPE_CHECKING:
    from .network import SpikingNetwork

MOST_NAMES = 6  # of a list that are shown
MOST_ROWS = 12  # of a table
_SHOWN = 12  # values of inputs
MOST_DRAWN = 300  # gates or neurons


def shortened(names: Sequence[str], most: int = MOST_NAMES) -> str:
    """The first names of a list, and how many there are.

    Example:
        >>> shortened(["a", "b", "c"], 2)
        'a, b, ... (3)'
    """
    cut = [name if len(name) <= 24 else f"{name[:21]}..." for name in names[:most]]
    return ", ".join(cut) + (f", ... ({len(names)})" if len(names) > most else "")


def percent(probability: float) -> str:
    """A probability in percent; what is nearly sure is never shown as sure.

    Example:
        >>> percent(0.123), percent(0.99996), percent(0.0001), percent(1.0), percent(0.0)
        ('12.3%', '> 99.9%', '< 0.1%', '100.0%', '0.0%')
    """
    if 0.9995 <= probability < 1:
        return "> 99.9%"
    return "< 0.1%" if 0 < probability < 0.0005 else f"{probability:.1%}"


def assignment(values: Mapping[str, int]) -> str:
    """Values of inputs in words: all of them if they are few, else those that are 1.

    Example:
        >>> assignment({"a": 1, "b": 0})
        'a=1 b=0'
        >>> assignment({f"x{place}": int(place == 3) for place in range(40)})
        'x3=1, all others 0'
    """
    if len(values) <= _SHOWN:
        return " ".join(f"{name}={value}" for name, value in values.items()) or "always"
    ones = [f"{name}=1" for name, value in values.items() if value]
    return f"{shortened(ones, _SHOWN)}, all others 0" if ones else "all inputs 0"


def circuit_text(circuit: Circuit) -> str:
    """A line on a circuit, and its signals and gates."""
    kinds = Counter(circuit.kinds.tolist())
    gates = ", ".join(f"{kinds[int(kind)]} {kind.name}" for kind in Gate if kinds[int(kind)])
    rows = [
        f"Circuit: {len(circuit.inputs)} inputs, {len(circuit.outputs)} outputs, {len(circuit.kinds)} gates, "
        f"{len(circuit.register_names)} registers",
        f"  inputs     {shortened(circuit.inputs)}",
        f"  outputs    {shortened(circuit.output_names)}",
    ]
    if circuit.register_names:
        rows.append(f"  registers  {shortened(circuit.register_names)}")
    return "\n".join([*rows, f"  gates      {gates or 'none'}"])


def network_text(network: "SpikingNetwork") -> str:
    """A line on a network, and its populations."""
    rows = [
        f"SpikingNetwork: {network.neurons} neurons in {len(network.populations)} populations, latency "
        f"{network.latency}, period {network.period}",
        f"  input lines   {shortened(network.input_names) or network.input_shape}",
        f"  output lines  {shortened(network.output_names)}",
    ]
    for population in network.populations[:MOST_ROWS]:
        rows.append(f"  {population.name:<12}  {'x'.join(map(str, population.shape))} neurons, {population.memory}")
    if len(network.populations) > MOST_ROWS:
        rows.append(f"  ... {len(network.populations) - MOST_ROWS} populations more")
    return "\n".join(rows)
