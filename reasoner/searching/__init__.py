"""Finite-domain programs as networks of spiking neurons that search for their solutions."""

from .spiking_search import (
    SpikingSolution as SpikingSolution,
    compile_search as compile_search,
    solve_in_spikes as solve_in_spikes,
)
