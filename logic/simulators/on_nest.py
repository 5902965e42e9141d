"""NEST: the reference at scale, with delays, any threshold of a gate, and starting membranes."""

from .capability import Capability
from .environment import Recipe
from .foreign_simulator import Simulator

NEST = Simulator(
    name="nest",
    about="NEST, for large networks (iaf_psc_delta at 1 ms)",
    capability=Capability(least_kept_threshold=1, leaks=True),
    recipe=Recipe(
        (
            (
                "nest-simulator==3.10.0", "numpy==2.4.6", "matplotlib==3.11.2", "Cython==3.3.1", "packaging==26.4",
                "pillow==13.0.0", "contourpy==1.3.3", "cycler==0.12.1", "fonttools==4.68.0", "kiwisolver==1.5.1",
                "pyparsing==3.3.3", "python-dateutil==4.0.0", "tzdata==2026.6",
            ),
        ),
        "nest-simulator",
    ),
    adapter="nest_neurons.py",
    claim="every neuron at every step in NEST",
)  # fmt: skip
