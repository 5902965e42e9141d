"""Where spiking networks run: formats and simulators of others, compared spike by spike."""

from .conformance import Conformance as Conformance, compare as compare, self_test as self_test
from .known_targets import TARGETS as TARGETS, find_target as find_target, target_of_file as target_of_file
from .nir import (
    read_nir as read_nir,
    to_nir as to_nir,
    write_nir as write_nir,
)
from .nir_notes import names_file as names_file
from .nir_reader import replay_golden as replay_golden
from .snntorch import (
    compare_with_snntorch as compare_with_snntorch,
    run_in_snntorch as run_in_snntorch,
)
from .target import Limits as Limits, Target as Target
