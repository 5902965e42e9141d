"""Layers that let zeros pass: sums over spikes alone, forwards and in the gradients."""

from .convolution import (
    SpikeConv2d as SpikeConv2d,
    convolve_spikes as convolve_spikes,
    spike_convolution as spike_convolution,
)
