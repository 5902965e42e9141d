"""From circuits to threshold neurons: one file a mapping, one for the time slots."""

from .balance import depth_of as depth_of, period_of as period_of, to_network as to_network
from .cover import fail_silent as fail_silent, single_rail as single_rail
from .neuron_netlist import Certificate as Certificate, ThresholdNetlist as ThresholdNetlist, dual as dual
from .templates import (
    dual_rail as dual_rail,
    majority as majority,
    minterm_blocks as minterm_blocks,
    positive as positive,
)
