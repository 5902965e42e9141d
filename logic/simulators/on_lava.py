"""Lava's fixed-point model of Loihi neurons."""

from .capability import Capability
from .environment import Recipe
from .foreign_simulator import Simulator

LAVA = Simulator(
    name="lava",
    about="Lava, the fixed-point model of Loihi neurons: even 8-bit weights, delays to 63 steps",
    capability=Capability(
        comparison=">",
        least_kept_threshold=1,
        longest_delay=64,
        grid=2,
        most_weight=254,
        most_bias=4095,
        most_threshold=2**17 - 1,
    ),
    recipe=Recipe(
        (
            ("numpy==1.26.4", "scipy==1.15.3", "networkx==2.8.7", "asteval==0.9.33"),
            ("--no-deps", "--ignore-requires-python", "lava-nc==0.10.0"),
        ),
        "lava-nc",
        note="its metadata asks for Python below 3.11; the adapter makes up for it",
    ),
    adapter="lava_neurons.py",
    claim="every neuron at every step in Lava's fixed-point model; never on Loihi (Lava issue 322 reports differences)",
)
