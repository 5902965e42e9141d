"""Trained networks become spiking networks: traced, folded, calibrated, and run by one engine for every method."""

from .activations import ACTIVATIONS as ACTIVATIONS, prepare as prepare
from .converted import ConvertedLayer as ConvertedLayer, ConvertedNetwork as ConvertedNetwork
from .converting import convert as convert
from .methods import CONVERSION_METHODS as CONVERSION_METHODS, Method as Method
from .signal_graph import ConversionError as ConversionError, ConversionWarning as ConversionWarning
from .spending import SpikeActivity as SpikeActivity
