"""Simulators of others: installed apart, given what we compile, and compared with us spike by spike."""

from .agreement import (
    Outcome as Outcome,
    conform as conform,
    judged as judged,
    prepared as prepared,
    self_test as self_test,
)
from .capability import Capability as Capability, lowered as lowered
from .environment import (
    InstallError as InstallError,
    Recipe as Recipe,
    Stamp as Stamp,
    install as install,
    read_stamp as read_stamp,
    remove as remove,
)
from .foreign_simulator import (
    Ready as Ready,
    Run as Run,
    Simulator as Simulator,
    SimulatorError as SimulatorError,
    make_ready as make_ready,
    run_in as run_in,
)
from .known_simulators import SIMULATORS as SIMULATORS, find_simulators as find_simulators
from .subject import Stimulus as Stimulus, Subject as Subject, stimulus_for as stimulus_for
