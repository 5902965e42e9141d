"""SANA-FE: a model of Loihi that also says what a run would cost in energy; a program of its own under the GPL."""

from .capability import Capability
from .environment import Recipe
from .foreign_simulator import Simulator

SANAFE = Simulator(
    name="sanafe",
    about="SANA-FE, Loihi with its energy: 128 cores of 1,024 neurons, relays for delays",
    capability=Capability(
        comparison=">", least_kept_threshold=1, initial=False, longest_delay=1, neurons=131_072, inputs=131_072
    ),
    recipe=Recipe((("sanafe==2.2.9", "numpy==2.4.6"),), "sanafe", note="GPL-3, run as a program of its own"),
    adapter="sanafe_neurons.py",
    claim="every neuron at every step in SANA-FE's model of Loihi",
)
