"""Brian2, which can say our semantics word for word, and on it an emulator of Loihi 1."""

from .capability import Capability
from .environment import Recipe
from .foreign_simulator import Simulator

_COMMON = (
    "numpy==1.26.4", "Cython==3.3.1", "Jinja2==3.1.6", "MarkupSafe==3.0.4", "mpmath==1.3.0", "packaging==26.4",
    "pyparsing==3.3.3", "sympy==1.14.0", "setuptools==80.9.0",
)  # fmt: skip

BRIAN2 = Simulator(
    name="brian2",
    about="Brian2, equations as they are written; leaks and soft resets too",
    capability=Capability(resets=("zero", "subtract"), leaks=True),
    recipe=Recipe((("Brian2==2.9.0", *_COMMON),), "Brian2", note="later releases need Python 3.12"),
    adapter="brian_neurons.py",
    claim="every neuron at every step in Brian2",
)
BRIAN2_LOIHI = Simulator(
    name="brian2-loihi",
    about="brian2-loihi, an emulator of Loihi 1: even 8-bit weights, thresholds that must be passed",
    capability=Capability(
        comparison=">", least_kept_threshold=1, longest_delay=63, grid=2, most_weight=254, most_threshold=2**17 - 1
    ),
    recipe=Recipe((("Brian2==2.7.1", "brian2-loihi==0.5.2", *_COMMON),), "brian2-loihi"),
    adapter="loihi_neurons.py",
    claim="every neuron at every step in an emulator of Loihi 1; no chip was reached",
)
