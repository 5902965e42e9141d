"""From a spiking network to what a target can express: one flat form, and passes that keep every spike."""

from .currents import (
    common_threshold as common_threshold,
    scaled as scaled,
    thresholds_raised as thresholds_raised,
    thresholds_united as thresholds_united,
    weights_split as weights_split,
)
from .fans import fan_in_split as fan_in_split, fan_out_split as fan_out_split
from .relays import (
    forgets as forgets,
    neurons_with_relays as neurons_with_relays,
    with_relays as with_relays,
    without_initial as without_initial,
)
from .stretching import stretched as stretched
from .target_network import (
    TargetNetwork as TargetNetwork,
    run_batch as run_batch,
    run_flat as run_flat,
    step_flat as step_flat,
)
