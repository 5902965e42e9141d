"""The table of chips: each limit with where and when it was read. What nobody publishes is said to be so."""

from difflib import get_close_matches

from ..errors import NetworkError
from .chip import Chip, Limit

_NENGO = "nengo_loihi: block.py, hardware/nxsdk_objects.py, validate.py"
_LAVA = "lava-nc: proc/lif/models.py, utils/weightutils.py"
_OPEN = "open-neuromorphic.org hardware pages"
_ROCKPOOL = "rockpool.ai/devices/xylo-overview.html"
_SINABS = "sinabs: docs/speck/overview.md, backend/dynapcnn/chips/dynapcnn.py"
_XYLOSIM = "xylosim 0.1.3, bit-accurate, measured"
_SPINNAKER = "SpiNNaker2 data sheet 0.03 (2021)"
_CASSIDY = "Cassidy et al., IJCNN 2013; IEEE CAS Magazine 2022"
_NOT_PUBLIC = Limit(None, "not published")

_LOIHI_1 = Chip(
    name="loihi1",
    title="Intel Loihi 1",
    packing="cores",
    scale=2,
    splits=True,
    raises=True,
    current_bits=6,
    limits={
        "neurons": Limit(131_072, "Davies et al., IEEE Micro 2018"),
        "cores": Limit(128, "Davies et al., IEEE Micro 2018"),
        "neurons_per_core": Limit(1_024, _NENGO),
        "synapse_bits_per_core": Limit(1_048_576, f"{_NENGO}; 8 bits of weight, 10 of target, 6 of delay counted"),
        "in_axons": Limit(4_096, _NENGO),
        "out_axons": Limit(4_096, _NENGO),
        "thresholds_per_core": Limit(8, f"{_NENGO} (nxsdk constant; validate.py allows 16)"),
        "largest_weight": Limit(254, "brian2-loihi 0.5.2: even weights where signs are mixed"),
        "threshold_bits": Limit(17, _LAVA),
        "membrane_bits": Limit(24, f"{_LAVA}; currents lie 6 bits up"),
        "longest_delay": Limit(63, "6 bits, the value 63 unconfirmed; brian2-loihi 0.5.2 takes the delay less one"),
    },
    notes=("weights and thresholds are doubled; a bias or a threshold below 1 is a source that fires every step",),
)
_LOIHI_2 = Chip(
    name="loihi2",
    title="Intel Loihi 2",
    packing="cores",
    scale=2,
    splits=True,
    raises=True,
    current_bits=6,
    limits={
        "neurons": Limit(1_000_000, _OPEN),
        "cores": Limit(120, f"{_OPEN}: 120 to 128, by publication"),
        "neurons_per_core": Limit(8_192, "secondary: up to about 8,000 a core"),
        "synapses": Limit(120_000_000, _OPEN),
        "synapse_bits_per_core": _NOT_PUBLIC,
        "in_axons": _NOT_PUBLIC,
        "out_axons": _NOT_PUBLIC,
        "thresholds_per_core": _NOT_PUBLIC,
        "largest_weight": Limit(254, f"{_LAVA}: 8 bits, even where signs are mixed"),
        "threshold_bits": Limit(17, _LAVA),
        "membrane_bits": Limit(24, f"{_LAVA}; currents lie 6 bits up"),
        "longest_delay": Limit(64, "lava-nc DelaySparse: 6 bits of the delay less one"),
    },
    notes=("neurons and synapses are bounds of the whole chip; the memory of a core is not public",),
)
_TRUENORTH = Chip(
    name="truenorth",
    title="IBM TrueNorth",
    packing="crossbar",
    limits={
        "neurons": Limit(1_048_576, _OPEN),
        "cores": Limit(4_096, _OPEN),
        "neurons_per_core": Limit(256, _CASSIDY),
        "in_axons": Limit(256, _CASSIDY),
        "fan_in": Limit(256, f"{_CASSIDY}: the axons of a core"),
        "weights_per_neuron": Limit(4, f"{_CASSIDY}: one for each type of axon"),
        "largest_weight": Limit(127, "IEEE CAS Magazine 2022: four 8-bit weights"),
        "longest_delay": Limit(15, "1 to 15, from memory"),
        "membrane_bits": _NOT_PUBLIC,
        "threshold_bits": _NOT_PUBLIC,
    },
    notes=(
        "an axon is a source, a delay and one of four types; a source whose type differs has several",
        "a neuron reaches one axon; copies of it on its core reach the others",
    ),
)
_SPECK = Chip(
    name="speck",
    title="SynSense Speck (DynapCNN)",
    packing="layers",
    limits={
        "neurons": Limit(327_680, f"{_OPEN}: 328k"),
        "cores": Limit(9, _SINABS),
        "targets_per_layer": Limit(2, _SINABS),
        "channels": Limit(1_024, _SINABS),
        "layers_without_core": Limit(0, f"{_SINABS}: kernels of 16 to 64 Ki, neurons of 16 to 64 Ki a core"),
        "thresholds_per_core": Limit(1, _SINABS),
        "largest_weight": Limit(127, _SINABS),
        "membrane_bits": Limit(16, _SINABS),
        "longest_delay": Limit(1, "asynchronous, without steps; sinabs 3.1.3"),
    },
    notes=(
        "no neuron forgets at once: memories must be cleared between two waves",
        "a bias costs energy at every moment and is not encouraged (sinabs docs/speck/dangers.md)",
    ),
)
_XYLO_COMMON = {
    "inputs": Limit(16, _ROCKPOOL),
    "fan_in": Limit(63, _ROCKPOOL),
    "synapses": Limit(64_000, _ROCKPOOL),
    "largest_weight": Limit(63, f"{_XYLOSIM}: 8 bits, a unit is 2 at least"),
    "membrane_bits": Limit(16, _ROCKPOOL),
    "longest_delay": Limit(1, _XYLOSIM),
    "bias_neurons": Limit(0, f"{_XYLOSIM}: a bias or a threshold below 1 also fires between two waves"),
    "retaining_neurons": Limit(0, f"{_XYLOSIM}: a spike subtracts, and currents fade by half a step"),
    "doubly_driven_neurons": Limit(0, f"{_XYLOSIM}: they fire twice"),
}
_XYLO = Chip(
    name="xylo",
    title="SynSense Xylo Audio 2",
    packing="one",
    fades=True,
    limits={
        **_XYLO_COMMON,
        "neurons": Limit(1_000, _ROCKPOOL),
        "outputs": Limit(8, _ROCKPOOL),
        "fan_out": Limit(64, _ROCKPOOL),
    },
)
_XYLO_IMU = Chip(
    name="xylo-imu",
    title="SynSense Xylo IMU",
    packing="one",
    fades=True,
    limits={
        **_XYLO_COMMON,
        "neurons": Limit(496, _ROCKPOOL),
        "outputs": Limit(16, _ROCKPOOL),
        "fan_out": Limit(512, _ROCKPOOL),
        "reached_neurons": Limit(128, "rockpool issue 18: inputs and outputs reach 128 hidden neurons"),
    },
)
_SPINNAKER_2 = Chip(
    name="spinnaker2",
    title="SpiNNaker2",
    packing="cores",
    splits=True,
    limits={
        "neurons": Limit(152_000, f"{_OPEN}: nominal, 1,000 a core"),
        "cores": Limit(152, _SPINNAKER),
        "neurons_per_core": Limit(250, "py-spinnaker2, its default; the software decides"),
        "synapse_bits_per_core": Limit(None, "128 kB of a core hold program and synapses; the share is not published"),
        "in_axons": Limit(None, "16,384 routing entries a chip; what a source takes depends on the software"),
        "out_axons": _NOT_PUBLIC,
        "largest_weight": Limit(127, "py-spinnaker2, NIR importer"),
        "longest_delay": Limit(8, "py-spinnaker2: 3 bits of the delay less one, from memory"),
    },
    notes=("membranes are 32-bit floats, exact for whole numbers below 2^24",),
)
_BRAINSCALES_2 = Chip(
    name="brainscales2",
    title="BrainScaleS-2",
    packing="one",
    splits=True,
    limits={
        "neurons": Limit(512, _OPEN),
        "synapses": Limit(131_072, _OPEN),
        "fan_in": Limit(256, f"{_OPEN}: synapses of a neuron"),
        "largest_weight": Limit(63, f"{_OPEN}: 6 bits"),
        "longest_delay": _NOT_PUBLIC,
        "in_axons": _NOT_PUBLIC,
        "membrane_bits": _NOT_PUBLIC,
        "threshold_bits": _NOT_PUBLIC,
    },
    notes=("analog neurons: no run equals another spike by spike, whatever fits",),
)

CHIPS: tuple[Chip, ...] = (
    _LOIHI_1,
    _LOIHI_2,
    _SPECK,
    _XYLO,
    _XYLO_IMU,
    _SPINNAKER_2,
    _TRUENORTH,
    _BRAINSCALES_2,
)


def find_chip(name: str) -> Chip:
    """The chip of that name.

    Raises:
        NetworkError: if it is unknown; it names those that are known.

    Example:
        >>> find_chip("loihi1").most("in_axons")
        4096
    """
    for chip in CHIPS:
        if chip.name == name.lower():
            return chip
    known = [chip.name for chip in CHIPS]
    near = get_close_matches(name.lower(), known, 1)
    raise NetworkError(f"unknown chip {name!r}; " + (f"did you mean {near[0]}? " if near else "") + f"known: {known}")
