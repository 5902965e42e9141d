"""One spiking network from the pixels to the answer: perceptions, a race for each slot, and the compiled rules.

Perceptions lie side by side, each with its slots; all races announce their winners at one step, so that the rules hear
one wave. How the answer is written in spikes is told in :mod:`reasoner.meaning.readout`.
"""

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from logic import NetworkError, SpikingNetwork, beside, chain, compile_circuit, simulate
from logic.network import check_network
from perception import IntegerFormError, quantise, to_network
from perception.networks.quantised import WholePerception
from reasoner import answer_circuit, ground, read_code
from reasoner.prolog.terms import Value

from ..inputs import Asked, Inputs, as_seen, asked_of, bind, check_slotted, mentioned, to_tensor
from ..model import Model, check_model

BATCH = 100  # samples that are simulated at once


def rule_network(model: Model, *, several: bool = False) -> SpikingNetwork:
    """The model's rules as spiking logic: inputs such as ``digit(0)=3``, outputs that say the answer.

    Args:
        model: With a query.
        several: Whether a reading may have no answer or several; then the network says all that hold.

    Raises:
        ModelTypeError: if it is no model.
        QueryError: if some reading has no answer or several, and this was not asked for; the text names the reading.

    Example:
        >>> from neurosym import DIGITS, Program, SpikingClassifier
        >>> rule = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
        >>> rule_network(Model(SpikingClassifier(DIGITS, 0), rule, "sum(S)")).neurons
        110
    """
    check_model(model)
    circuit = answer_circuit(ground(model.program, model.goal()), several=several)
    return compile_circuit(circuit, "positive", "relays")


def to_spiking_network(model: Model, *, several: bool = False) -> SpikingNetwork:
    """One integer spiking network from pixels to the answer.

    Args:
        model: Whose perceptions all have an integer form.
        several: As for :func:`rule_network`.

    Returns:
        Input ``[C, H, W]``, the channels of the slots of one perception after the other (:func:`joined_spikes` makes
        them of inputs); outputs as :func:`rule_network`, at ``latency``.

    Raises:
        NetworkError: if a perception has no integer form.
        ModelTypeError, QueryError: as :func:`rule_network`.

    Example:
        >>> from neurosym import DIGITS, Program, SpikingClassifier
        >>> rule = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
        >>> model = Model(SpikingClassifier(DIGITS, 0), rule, "sum(S)")
        >>> network = to_spiking_network(model)
        >>> pictures = torch.rand(4, 2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
        >>> len(run_joined(model, network, pictures))
        4
    """
    rule = rule_network(model, several=several)
    return chain(seeing_network(model), rule)


def seeing_network(model: Model) -> SpikingNetwork:
    """What comes before the rules: all perceptions that the query asks, and their races.

    Returns:
        Outputs ``digit(0)=3``, one for each value of each slot, all at one step.

    Raises:
        NetworkError, ModelTypeError: as :func:`to_spiking_network`.
    """
    asked = _asked(model)
    seeing = {name: _seeing(name, model.perceptions[name], asked[name]) for name in asked}
    latest = max((network.latency for network in seeing.values()), default=0)
    for name, network in seeing.items():
        if network.latency < latest:
            seeing[name] = _seeing(name, model.perceptions[name], asked[name], latest)
    return beside(seeing)


def joined_spikes(model: Model, inputs: Inputs) -> Tensor:
    """What a joined network hears when the model is shown inputs.

    Args:
        model: That the network was made of.
        inputs: As for a call of the model.

    Returns:
        ``[T, B, C, H, W]`` zeros and ones.

    Raises:
        InputError, PictureError: as for a call of the model.
    """
    parts: list[Tensor] = []
    for name, pictures in _pictures(check_model(model), inputs).items():
        perception = model.perceptions[name]
        parts.append(integer_form(name, perception).input_spikes(pictures))
    longest = max(len(part) for part in parts)
    return torch.cat([nn.functional.pad(part, [0, 0] * 4 + [0, longest - len(part)]) for part in parts], dim=2)


def run_joined(model: Model, network: SpikingNetwork, inputs: Inputs) -> list[Value | bool | None]:
    """The answers of a joined network, read from its spikes alone.

    Args:
        model: That the network was made of; says how inputs become spikes, and nothing else.
        network: As :func:`to_spiking_network` returns it.
        inputs: As for a call of the model.

    Returns:
        ``B`` values, as :func:`read_answers`.
    """
    check_network(network)
    spikes, last = joined_spikes(model, inputs), network.populations[-1].name
    found: list[Value | bool | None] = []
    for part in spikes.split(BATCH, dim=1):
        record = simulate(network, part, network.latency + 1, record=[last])
        found += read_answers(network, record[last][network.latency])
    return found


def read_answers(network: SpikingNetwork, spikes: Tensor) -> list[Value | bool | None]:
    """The answers that a network's last population says, as :class:`neurosym.Answers` has their values.

    Args:
        network: As :func:`to_spiking_network` or :func:`rule_network` returns it.
        spikes: ``[B, ...]`` of the last population, at ``network.latency``.

    Returns:
        For each sample a number, the name of an atom, a list as a tuple, true or false for a query without variables,
        or a tuple of all answers if several were asked for; None where the spikes say no clear answer.

    Raises:
        QueryError: if the network's outputs are no answer's.

    Example:
        >>> from neurosym import DIGITS, Program, SpikingClassifier
        >>> rule = Program.parse("zero :- digit(0, 0).")
        >>> network = rule_network(Model(SpikingClassifier(DIGITS, 0), rule, "zero"))
        >>> read_answers(network, torch.tensor([[True, False], [False, True], [False, False]]))
        [False, True, None]
    """
    first = network.neurons + int(torch.tensor(network.input_shape).prod()) - network.populations[-1].size
    fired = spikes.flatten(1)[:, torch.from_numpy(network.outputs - first)]
    return read_code([line.signal for line in network.output_lines], fired.bool().cpu().numpy())


def _seeing(name: str, perception: object, asked: Asked, latency: int | None = None) -> SpikingNetwork:
    """One perception's network and the races of the slots that it is asked about."""
    return to_network(integer_form(name, perception), asked.slots, latency=latency, domain=asked.domain)


def integer_form(name: str, perception: object) -> WholePerception:
    """A perception in whole numbers, weights of eight bits.

    Args:
        name: Of the perception, for messages.
        perception: One that is in whole numbers already, or tells its layers.

    Raises:
        NetworkError: if it has no integer form; the text says which layer is in the way.
    """
    try:
        return perception if isinstance(perception, WholePerception) else quantise(cast(Any, perception))
    except IntegerFormError as fault:
        raise NetworkError(f"the perception '{name}' cannot be joined: {fault}") from None


def _asked(model: Model) -> Mapping[str, Asked]:
    """What the query asks of each perception."""
    asked = asked_of(check_model(model).program, model.goal(), model.limits)
    if not asked:
        raise NetworkError(f"'{model.goal()}' asks for nothing that is seen, so there is nothing to join")
    for name, one in asked.items():
        if any(len(terms) > 1 for terms in one.arguments):
            raise NetworkError(f"the network '{name}' looks at several inputs at once, and has no integer form")
    return asked


def _pictures(model: Model, inputs: Inputs) -> dict[str, Tensor]:
    """What each perception that the query asks looks at, ``[B, N, ...]``, its slots in the order of the network's."""
    asked = _asked(model)
    if not isinstance(inputs, Mapping):
        inputs = {next(iter(model.perceptions)): inputs} if len(model.perceptions) == 1 else {"": inputs}
    known = mentioned(model.program, model.goal(), model.limits)
    bound = bind(inputs, f"'{model.goal()}'", asked, known, model.embeddings, model.perceptions)
    found: dict[str, Tensor] = {}
    for name in asked:
        tensors = bound[name]
        if tensors is None:
            check_slotted(name, asked[name])
            tensors = (to_tensor(cast(Any, inputs)[name])[:, list(asked[name].slots)],)
        found[name] = as_seen(tensors[0], cast(nn.Module, model.perceptions[name]))
    return found
