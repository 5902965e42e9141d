"""Layers over time ``[T, B, ...]`` for networks of one's own: recurrence, delays, readouts, torch's layers by step."""

from .delays import Delay as Delay, DelayedLinear as DelayedLinear
from .leaky_readout import LeakyReadout as LeakyReadout
from .memory_layer import MemoryLayer as MemoryLayer
from .recurrent import OneToOne as OneToOne, Recurrent as Recurrent
from .time_distributed import TimeDistributed as TimeDistributed
