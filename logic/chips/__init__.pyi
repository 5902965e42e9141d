"""Whether a spiking network fits on a neuromorphic chip, which limit binds, and what would help."""

from .chip import Chip as Chip, Limit as Limit
from .fitting import FitLine as FitLine, FitReport as FitReport, fit_chip as fit_chip
from .known_chips import CHIPS as CHIPS, find_chip as find_chip
from .proposals import fit_circuit as fit_circuit
