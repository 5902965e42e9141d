"""Xylo in xylosim, bit for bit: reset by subtraction, several spikes a step, currents that fade over steps."""

from .capability import Capability
from .environment import Recipe
from .foreign_simulator import Simulator

XYLO = Simulator(
    name="xylo",
    about="Xylo Audio 2 in xylosim: 1,000 neurons, 16 inputs, one-hot gates, waves some steps apart",
    capability=Capability(
        resets=("subtract",),
        retains=False,
        least_threshold=1,
        bias=False,
        initial=False,
        longest_delay=1,
        most_weight=62,
        fades=True,
        spikes_a_step=31,
        neurons=1000,
        inputs=16,
    ),
    recipe=Recipe((("xylosim==0.1.3", "numpy==2.4.6", "pybind11==3.1.0"),), "xylosim", note="compiles for a minute"),
    adapter="xylo_neurons.py",
    mapping="logicsnn",
    claim="every neuron at every step in the vendor's bit-accurate model; no chip was reached",
)
