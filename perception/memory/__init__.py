"""What makes training fit into less memory: packed activations, recomputed blocks, training step by step."""

from .online import OnlineError as OnlineError, StepByStep as StepByStep, step_by_step as step_by_step
from .packing import packed_activations as packed_activations
from .recomputing import recomputed as recomputed
