"""Neurons with dynamics: AdEx and Izhikevich models, and gates with a state made of them (``logic.neurons``)."""

from .gates import (
    GateFigures as GateFigures,
    IntegerGate as IntegerGate,
    NeuronGate as NeuronGate,
    answer_waves as answer_waves,
    compare_gates as compare_gates,
    integer_gate as integer_gate,
    neuron_gate as neuron_gate,
    noise_margin as noise_margin,
    random_waves as random_waves,
)
from .models import AdEx as AdEx, Izhikevich as Izhikevich, spike_times as spike_times
