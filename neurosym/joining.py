"""One spiking network from the pixels to the bits of the answer: perception, race and compiled rules."""

from typing import Any, cast

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from logic import NetworkError, SpikingNetwork, chain, compile_circuit, simulate
from logic.network import check_network
from perception import SpikingClassifier, encode, to_network
from perception.pictures.picture import check_pixels
from reasoner import answer_bits, ground

from .inputs import as_seen
from .model import Model, check_model


def rule_network(model: Model) -> SpikingNetwork:
    """The model's rules as spiking logic: inputs such as ``digit(0)=3``, outputs ``bit0=0``, ``bit0=1``, ...

    Raises:
        ModelTypeError: if it is no model.
        QueryError: if the answers are not the values of one whole number, or some reading has none or several.

    Example:
        >>> from neurosym import DIGITS, Program, SpikingClassifier
        >>> rule = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
        >>> rule_network(Model(SpikingClassifier(DIGITS, 0), rule, "sum(S)")).neurons
        110
    """
    check_model(model)
    return compile_circuit(answer_bits(ground(model.program, model.query)), "positive", "relays")


def to_spiking_network(model: Model, calibration: Tensor | NDArray[Any]) -> SpikingNetwork:
    """One integer spiking network from pixels to answer bits.

    Args:
        model: With a spiking classifier.
        calibration: Training pictures ``[M, 1, H, W]`` that set the range of the race.

    Returns:
        Input ``[N, H, W]``, a channel per slot; outputs as :func:`rule_network`, at ``latency``.

    Raises:
        NetworkError: if the perception is not a spiking classifier.
        ModelTypeError, QueryError: as :func:`rule_network`.

    Example:
        >>> from neurosym import DIGITS, Program, SpikingClassifier
        >>> rule = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
        >>> model = Model(SpikingClassifier(DIGITS, 0), rule, "sum(S)")
        >>> pictures = torch.rand(4, 2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
        >>> network = to_spiking_network(model, calibration=pictures.flatten(0, 1))
        >>> run_joined(network, pictures, steps=4).shape
        torch.Size([4])
    """
    check_model(model)
    calibration = as_seen(calibration, cast(nn.Module, model.perception))
    if not isinstance(model.perception, SpikingClassifier):
        raise NetworkError(f"only a spiking classifier can be joined, got a {type(model.perception).__name__}")
    slots = tuple(slot.number for slot in ground(model.program, model.query).slots)
    return chain(to_network(model.perception, slots), rule_network(model))


def run_joined(network: SpikingNetwork, pictures: Tensor | NDArray[Any], steps: int) -> Tensor:
    """The answers of a joined network, read from its spikes alone.

    Args:
        network: As :func:`to_spiking_network` returns it.
        pictures: ``[B, N, 1, H, W]``.
        steps: Steps for which the pictures are shown, ``T``.

    Returns:
        ``[B]`` whole numbers; -1 where a bit is silent or fires on both rails.
    """
    check_network(network)
    pictures = check_pixels(pictures)
    answering = network.populations[-1]
    spikes = encode(pictures[:, :, 0], steps)
    record = simulate(network, spikes, network.latency + 1, record=[answering.name])
    return read_bits(network, record[answering.name][network.latency])


def read_bits(network: SpikingNetwork, fired: Tensor) -> Tensor:
    """Whole numbers ``[B]`` from the spikes ``[B, n]`` of the answering population; -1 where a bit is not clear."""
    first = network.neurons + int(torch.tensor(network.input_shape).prod()) - network.populations[-1].size
    rails = {
        name: fired.flatten(1)[:, int(line) - first]
        for name, line in zip(network.output_names, network.outputs, strict=True)
    }
    total, clear = torch.zeros(len(fired), dtype=torch.int64), torch.ones(len(fired), dtype=torch.bool)
    for bit in range(len(rails) // 2):
        zero, one = rails[f"bit{bit}=0"], rails[f"bit{bit}=1"]
        total += one.long() << bit
        clear &= zero ^ one
    return torch.where(clear, total, -1)
