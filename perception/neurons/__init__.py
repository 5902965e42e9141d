"""Layers of spiking neurons: currents ``[T, B, ...]`` in, spikes ``[T, B, ...]`` out, no state kept between calls."""

from .adapting import AdaptiveLIF as AdaptiveLIF, RefractoryLIF as RefractoryLIF
from .biophysical import AdEx as AdEx, Izhikevich as Izhikevich
from .graded import IntegerLIF as IntegerLIF, MultiThresholdLIF as MultiThresholdLIF
from .layer import (
    Firing as Firing,
    IntegerForm as IntegerForm,
    Neuron as Neuron,
    NeuronError as NeuronError,
    NirForm as NirForm,
)
from .leaky import (
    IntegrateAndFire as IntegrateAndFire,
    LeakyIntegrateAndFire as LeakyIntegrateAndFire,
    LearnableSurrogateLIF as LearnableSurrogateLIF,
    ParametricLIF as ParametricLIF,
    integrate_and_fire as integrate_and_fire,
)
from .neuron_catalogue import NEURONS as NEURONS, kind_of as kind_of, neuron as neuron, options_of as options_of
from .parallel import (
    MaskedParallelSpiking as MaskedParallelSpiking,
    ParallelSpiking as ParallelSpiking,
    SlidingParallelSpiking as SlidingParallelSpiking,
)
from .scan import leaky_scan as leaky_scan
from .scan_rule import Reset as Reset, Scanned as Scanned, ScanRule as ScanRule, Tier as Tier
from .synaptic import CubaLIF as CubaLIF
