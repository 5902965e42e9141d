"""Where spiking networks run: formats and simulators of others, compared spike by spike."""

from .nir import (
    names_file as names_file,
    read_nir as read_nir,
    replay_golden as replay_golden,
    to_nir as to_nir,
    write_nir as write_nir,
)
from .snntorch import (
    Conformance as Conformance,
    compare_with_snntorch as compare_with_snntorch,
    run_in_snntorch as run_in_snntorch,
)
