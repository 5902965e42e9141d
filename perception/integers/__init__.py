"""The integer form of trained networks: read as layers, rounded, run, and built as one spiking network of integers."""

from .bit_planes import as_shown as as_shown, input_spikes as input_spikes
from .integer_layers import IntegerLayers as IntegerLayers, Run as Run, WholeLayer as WholeLayer
from .layer_graph import (
    EVIDENCE as EVIDENCE,
    Current as Current,
    GraphBuilder as GraphBuilder,
    IntegerFormError as IntegerFormError,
    Layer as Layer,
    LayerGraph as LayerGraph,
    Term as Term,
)
from .measuring import LayerCost as LayerCost, Rounding as Rounding, compare as compare, layer_costs as layer_costs
from .populations import to_populations as to_populations
from .precision import Precision as Precision, precision_of as precision_of
from .reading import integer_obstacle as integer_obstacle, read_network as read_network
