"""SpikingJelly and sinabs on the same networks and pictures, their spikes counted as ours are.

Needs them: ``pip install --no-deps spikingjelly sinabs`` and ``pip install loguru tqdm requests pbr``.
"""

import copy
import os
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from perception.networks.activity import JOULES_PER_ADDITION, JOULES_PER_MULTIPLICATION

from .entrants import COUNTED, Entrant, Spending
from .trained_networks import CHUNK, to_floats

JELLY_MODES = {
    "Max": {"mode": "Max"},
    "99.9 %": {"mode": "99.9%"},
    "99.9 %, channel_wise, half_threshold": {"mode": "99.9%", "channel_wise": True, "half_threshold": True},
    "99.9 %, channel_wise, half_threshold, pre_spike_maxpool": {
        "mode": "99.9%", "channel_wise": True, "half_threshold": True, "pre_spike_maxpool": True,
    },
}  # fmt: skip
"""The modes of SpikingJelly's rate coding that are compared; the last only where there is a max-pool."""


class Rival:
    """A network converted by another package.

    Args:
        network: Converted; its neurons are of the class ``neuron``.
        neuron: Class of its spiking neurons.
        run: The sum of its outputs over all steps, ``[B, K]``, for pictures ``[B, 1, 28, 28]``.
        steps: T.
        alphabet: Values that a spike can have.
    """

    window = 1
    islands = 0

    def __init__(
        self, network: nn.Module, neuron: type[nn.Module], run: Callable[[Tensor], Tensor], steps: int, alphabet: str
    ) -> None:
        self.network, self.neuron, self.run, self.alphabet = network, neuron, run, alphabet
        self.steps_to_answer = self.steps = steps

    @torch.no_grad()
    def read(self, pictures: Tensor) -> Tensor:
        """See :class:`.entrants.Spiking`."""
        return torch.cat([self.run(to_floats(part)).argmax(1) for part in pictures.split(CHUNK)])

    @torch.no_grad()
    def spend(self, pictures: Tensor) -> Spending:
        """Spikes at the neurons; operations at each layer with weights, from its inputs that are not 0."""
        chosen = to_floats(pictures[:COUNTED])
        events = units = operations = dense = first = 0.0

        def at_neuron(_: nn.Module, __: object, output: Tensor) -> None:
            nonlocal events, units
            events += float((output != 0).sum())
            units += float(output.abs().sum())

        def at_weights(module: nn.Module, inputs: tuple[Tensor, ...], _: Tensor) -> None:
            nonlocal operations, dense, first
            counted = _synapses(module, (inputs[0] != 0).float())
            whole = _synapses(module, torch.ones_like(inputs[0]))
            dense += whole
            if inputs[0].shape[1] == 1:
                first += whole
            else:
                operations += counted

        hooks = [
            module.register_forward_hook(at_neuron if isinstance(module, self.neuron) else at_weights)
            for module in self.network.modules()
            if isinstance(module, (self.neuron, nn.Conv2d, nn.Linear))
        ]
        self.run(chosen)
        for hook in hooks:
            hook.remove()
        shown, steps = len(chosen), self.steps  # the first layer sees the same picture at each step: counted once
        energy = JOULES_PER_ADDITION * operations + JOULES_PER_MULTIPLICATION * first / steps
        ann = JOULES_PER_MULTIPLICATION * dense / steps
        return Spending(*(figure / shown for figure in (events, units, units, operations, energy, ann)))


def _synapses(module: nn.Module, active: Tensor) -> float:
    """Synapses that leave the active inputs of a layer with weights."""
    if isinstance(module, nn.Conv2d):
        ones = torch.ones_like(module.weight)
        return float(
            functional.conv2d(active, ones, None, module.stride, module.padding, module.dilation, module.groups).sum()
        )
    if isinstance(module, nn.Linear):
        return float(active.sum()) * module.out_features
    return 0.0


def jelly(mode: str) -> Callable[[nn.Module, Tensor, int], Rival]:
    """SpikingJelly's rate coding in one of :data:`JELLY_MODES`."""
    os.environ["TQDM_DISABLE"] = "1"
    tools: Any = import_module("spikingjelly.activation_based.ann2snn")
    neurons: Any = import_module("spikingjelly.activation_based.neuron")
    reset: Any = import_module("spikingjelly.activation_based.functional").reset_net

    def build(network: nn.Module, calibration: Tensor, steps: int) -> Rival:
        recipe = tools.RateCodingRecipe([calibration], **JELLY_MODES[mode])
        converted: nn.Module = tools.Converter(recipe).convert(copy.deepcopy(network))

        def run(pictures: Tensor) -> Tensor:
            reset(converted)
            summed = converted(pictures)
            for _ in range(steps - 1):
                summed = summed + converted(pictures)
            return summed

        return Rival(converted, neurons.BaseNode, run, steps, "binary")

    return build


def sinabs(network: nn.Module, calibration: Tensor, steps: int) -> Rival:
    """Sinabs' conversion: all thresholds 1, several spikes a step; calibration pictures are not asked for."""
    tools: Any = import_module("sinabs.from_torch")
    layers: Any = import_module("sinabs.layers")
    reset: Any = import_module("sinabs").reset_states
    converted: nn.Module = tools.from_model(
        copy.deepcopy(network), num_timesteps=steps, add_spiking_output=False
    ).spiking_model

    def run(pictures: Tensor) -> Tensor:
        reset(converted)
        shown = pictures.repeat_interleave(steps, 0)
        return converted(shown).unflatten(0, (-1, steps)).sum(1)

    return Rival(converted, layers.StatefulLayer, run, steps, "0, 1, 2, ...")


def rival_entrants(network: nn.Module) -> list[Entrant]:
    """Rivals that are installed, each in its modes; transformers are out of their rate coding's reach."""
    if not any(isinstance(module, nn.ReLU) for module in network.modules()):
        return []
    found = list[Entrant]()
    pools = any(isinstance(module, nn.MaxPool2d) for module in network.modules())
    if find_spec("spikingjelly"):
        modes = [mode for mode in JELLY_MODES if pools or "maxpool" not in mode]
        found += [Entrant("spikingjelly", mode, "relu", jelly(mode)) for mode in modes]
    if find_spec("sinabs"):
        found.append(Entrant("sinabs", "from_model", "relu", sinabs))
    return found
