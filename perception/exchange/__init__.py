"""Modules of one's own: as perceptions, as NIR graphs and back, in whole numbers."""

from .module_graph import module_to_nir as module_to_nir
from .module_layers import module_to_layers as module_to_layers
from .nir_files import read_module_nir as read_module_nir, write_module_nir as write_module_nir
from .nir_module import NirModule as NirModule, nir_to_module as nir_to_module
from .sequence import SequenceClassifier as SequenceClassifier
