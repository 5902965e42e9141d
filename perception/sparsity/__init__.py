"""Layers that let zeros pass: sums over spikes alone, forwards and in the gradients."""

from .convolution import SpikeConv2d as SpikeConv2d, spike_convolution as spike_convolution
