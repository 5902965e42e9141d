"""What all tests share: one thread, fixed seeds, and a hypothesis profile that never flickers in CI."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is first imported

import numpy as np
import pytest
import torch
from hypothesis import settings

torch.set_num_threads(1)
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("desk", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


@pytest.fixture(autouse=True)
def fixed_seeds() -> None:
    """Libraries that draw from the global generators draw the same numbers in each test."""
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 - third-party code reads this generator
