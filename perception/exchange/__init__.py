"""Networks of one's own as NIR graphs, and NIR graphs of others as modules that can be trained."""

from .module_graph import module_to_nir as module_to_nir
from .nir_files import read_module_nir as read_module_nir, write_module_nir as write_module_nir
from .nir_module import NirModule as NirModule, nir_to_module as nir_to_module
