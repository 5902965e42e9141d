"""Trained networks become spiking networks: traced, folded, calibrated, and run by one engine for every method."""

from .activations import ACTIVATIONS as ACTIVATIONS, prepare as prepare
from .converted import ConvertedLayer as ConvertedLayer, ConvertedNetwork as ConvertedNetwork
from .converting import convert as convert
from .early_exit import (
    EarlyExit as EarlyExit,
    calibrate_exit as calibrate_exit,
    exit_curve as exit_curve,
    fuse_beta as fuse_beta,
    fuse_heads as fuse_heads,
)
from .methods import CONVERSION_METHODS as CONVERSION_METHODS, Method as Method
from .signal_graph import ConversionError as ConversionError, ConversionWarning as ConversionWarning
from .spending import SpikeActivity as SpikeActivity
