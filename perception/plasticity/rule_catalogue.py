"""Plasticity rules by name: who learns what from which spikes."""

from collections.abc import Callable
from typing import Any

from .clustering import cluster_by_stdp
from .competition import learn_by_competition
from .first_spike import learn_kernels
from .network import learn_network
from .reward import learn_decisions, learn_rewarded
from .timing import learn_timing, learn_timing_kernels, pair_change

RULES: dict[str, Callable[..., Any]] = {
    "pair": pair_change,
    "trace": learn_timing,
    "weight_dependent": learn_timing,  # with an exponent above 0
    "convolutional": learn_timing_kernels,
    "first_spike": learn_kernels,
    "kheradpisheh": learn_network,
    "lee": learn_by_competition,
    "deep_stdp": cluster_by_stdp,
    "r_stdp": learn_decisions,
    "r_stdp_eligibility": learn_rewarded,
}
"""The function of each rule; :func:`perception.pretrain` uses ``lee``, layer by layer, and
:func:`neurosym.training.deep_stdp.learn_from_clusters` uses ``deep_stdp``."""
