"""What is proved of a joined network, for all pictures: its layers, its races, and its rules, as they are wired."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from logic import Arithmetic, Line, NetworkError, SpikingNetwork, Verdict, membrane_bounds, prove_layers
from logic.assembly.separating import copy_of, tail_of
from logic.kernels import work_time
from logic.network import check_network
from logic.proving.slots import assign_slots
from perception import QuantisedPerception
from perception.integers import EVIDENCE
from perception.networks.layer_claims import quantised_layers
from perception.networks.quantised import WholePerception
from perception.networks.race_proof import Decision, prove_race
from perception.proved_conversion import LevelPerception, prove_level_race
from reasoner import prove_answers

from ..inputs import Asked, asked_of
from ..model import Model, check_model
from .joining import integer_form

RACE = ("pairs", "won", "winners")


@dataclass(frozen=True)
class JoinedVerdict:
    """What was found of the parts of a joined network.

    Args:
        layers: For each perception, whether its neurons fire as the quantised network's in PyTorch do.
        races: For each perception, whether the value with most evidence wins in each slot.
        rules: Whether the answer is the rules', for all readings.
    """

    layers: dict[str, Verdict]
    races: dict[str, Verdict]
    rules: Verdict

    @property
    def parts(self) -> tuple[Verdict, ...]:
        """All verdicts, in the order in which spikes pass."""
        return (*self.layers.values(), *self.races.values(), self.rules)

    @property
    def holds(self) -> bool | None:
        """True if all parts are proved, False if one is refuted, else None."""
        found = [verdict.holds for verdict in self.parts]
        return False if False in found else None if None in found else True

    @property
    def word(self) -> str:
        """``PROVED``, ``REFUTED`` or ``UNKNOWN``."""
        return {True: "PROVED", False: "REFUTED", None: "UNKNOWN"}[self.holds]

    @property
    def counterexample(self) -> dict[str, int] | None:
        """Of the first part that is refuted: spikes, membranes or a reading."""
        return next((verdict.counterexample for verdict in self.parts if verdict.holds is False), None)

    @property
    def seconds(self) -> float:
        """Wall time spent."""
        return sum(verdict.seconds for verdict in self.parts)

    @property
    def sentence(self) -> str:
        """What is proved for all pictures, and what is not."""
        if self.holds:
            claims = "; ".join(dict.fromkeys(verdict.claim for verdict in self.parts))
            return (
                f"Proved for all pictures: {claims}. So the answer is always the rules' answer to what the quantised "
                f"network reads. Measured, not proved: that it reads what a picture shows"
            )
        wrong = next(verdict for verdict in self.parts if verdict.holds is self.holds)
        return f"{'Refuted' if self.holds is False else 'Not proved'}: {wrong.claim} ({wrong.detail})"

    def __str__(self) -> str:
        return "\n".join([f"{self.word}: {self.sentence}", *(f"  {verdict}" for verdict in self.parts)])


def prove_joined(model: Model, network: SpikingNetwork, *, timeout: float | None = None) -> JoinedVerdict:
    """Whether a network answers every picture as its model's rules do what its quantised perceptions read.

    Proved from the network as it is wired, part by part: each layer fires exactly when the layer of the quantised
    network in PyTorch does, and its membranes fit so many bits, for all inputs; in each slot exactly the value with
    most evidence wins, of equals the lowest, for all membranes; the answer's lines say what the rules say, for all
    readings.

    Args:
        model: That the network should be of.
        network: As :func:`neurosym.to_spiking_network` returns it, or changed.
        timeout: Seconds for the proof of the rules, or None for no bound.

    Raises:
        ModelTypeError: if it is no model.
        NetworkError: if the network does not fall into such parts at all.

    Example:
        >>> from neurosym import DIGITS, Program, SpikingClassifier, to_spiking_network
        >>> rule = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
        >>> model = Model(SpikingClassifier(DIGITS, 0, channels=(2, 2), hidden=4), rule, "sum(S)")
        >>> prove_joined(model, to_spiking_network(model)).word
        'PROVED'
    """
    check_network(network)
    asked = asked_of(check_model(model).program, model.goal(), model.limits)
    forms = {name: integer_form(name, model.perceptions[name]) for name in asked}
    prefixes = {name: f"{name}_" if len(forms) > 1 else "" for name in forms}
    winners = [f"{prefix}winners" for prefix in prefixes.values()]
    lines = [Line(name) for one in asked.values() for name in _value_names(one)]
    tail = tail_of(network, winners, lines, 0)
    slots = assign_slots(tail.flatten())
    announce = network.latency - int(slots.slot[tail.outputs].max())
    rule = replace(tail, latencies=tail.latencies - announce)
    layers: dict[str, Verdict] = {}
    races: dict[str, Verdict] = {}
    first = 0
    for name, form in forms.items():
        count = len(asked[name].slots)
        channels = form.to_network(1).input_shape[0]
        inputs = [range(first + slot * channels, first + (slot + 1) * channels) for slot in range(count)]
        layers[name], races[name] = _prove_seeing(network, prefixes[name], form, asked[name], inputs, announce)
        first += count * channels
    rules = prove_answers(model.program, model.goal(), rule, timeout=timeout)
    return JoinedVerdict(layers, races, rules)


def _prove_seeing(
    network: SpikingNetwork,
    prefix: str,
    form: WholePerception,
    asked: Asked,
    inputs: Sequence[range],
    announce: int,
) -> tuple[Verdict, Verdict]:
    """The layers and the race of one perception, slot by slot; slots that are wired alike are proved once."""
    if isinstance(form, LevelPerception):
        return _prove_levels(network, prefix, form, asked, inputs, announce)
    if not isinstance(form, QuantisedPerception):
        raise NetworkError(f"of a {type(form).__name__} no layers are known that could be proved; quantise it")
    wanted, start = quantised_layers(form), work_time()
    names = {f"{prefix}{name}": name for name in (*list(wanted)[:-1], *RACE)}
    reading = {name: layer for name, layer in wanted.items() if name != EVIDENCE}
    values = len(asked.domain)
    proved: list[SpikingNetwork] = []
    most = 0  # bits of a membrane
    layers: list[Verdict] = []
    races: list[Verdict] = []
    for slot, channels in enumerate(inputs):
        one = copy_of(network, names, slot, len(inputs), channels)
        if any(same_wiring(one, other) for other in proved):
            continue
        proved.append(one)
        bounds = membrane_bounds(one, announce + 1, form.steps)
        size = sum(one.population(name).size for name in reading)
        bits = int(bounds.bits[:size].max(initial=1))
        limits = max(int(abs(one.population(name).threshold).max()).bit_length() + 1 for name in reading)
        most = max(most, bits, limits)
        layers.append(prove_layers(one, reading, arithmetic=Arithmetic(bits=max(bits, limits), bounds=bounds)))
        evidence = wanted[EVIDENCE]
        decision = Decision(
            evidence.links, evidence.unit, _value_names(asked)[slot * values : (slot + 1) * values], values, announce
        )
        races.append(prove_race(one, decision, form.steps, bounds=bounds))
    neurons = len(inputs) * sum(one.population(name).size for one in proved[:1] for name in reading)
    claims = (
        f"each of {neurons:,} neurons of {len(inputs)} x {len(reading)} reading layers fires exactly when that of the "
        f"quantised network in PyTorch does, and {most} signed bits hold its membrane",
        _race_claim(inputs, asked, announce),
    )
    seconds = work_time() - start
    found = [_all(verdicts, claim) for verdicts, claim in zip((layers, races), claims, strict=True)]
    return replace(found[0], seconds=seconds - races[0].seconds), found[1]


def _prove_levels(
    network: SpikingNetwork,
    prefix: str,
    form: LevelPerception,
    asked: Asked,
    inputs: Sequence[range],
    announce: int,
) -> tuple[Verdict, Verdict]:
    """As :func:`_prove_seeing` for a converted network, whose neurons send levels."""
    layers: list[Verdict] = []
    races: list[Verdict] = []
    proved: list[SpikingNetwork] = []
    reading = [population.name for population in form.to_network().populations[:-1]]
    names = {f"{prefix}{name}": name for name in (*reading, *RACE)}
    values = len(asked.domain)
    for slot, channels in enumerate(inputs):
        one = copy_of(network, names, slot, len(inputs), channels)
        if any(alike(one, other) for other in proved):
            continue
        proved.append(one)
        layers.append(form.prove(one))
        lines = _value_names(asked)[slot * values : (slot + 1) * values]
        races.append(prove_level_race(one, form, lines, announce))
    levels = f"in each of {len(inputs)} slots, {layers[0].claim.removeprefix('for every picture, ')}"
    return _all(layers, levels), _all(races, _race_claim(inputs, asked, announce))


def alike(one: SpikingNetwork, other: SpikingNetwork) -> bool:
    """Whether two networks are made of equal parts; that some are, written otherwise, is not seen."""
    parts = [
        [(p.shape, p.retain, p.leak, p.reset, p.threshold, p.bias, p.initial) for p in network.populations]
        + [tuple(vars(p).values()) for p in network.projections]
        for network in (one, other)
    ]
    return len(parts[0]) == len(parts[1]) and all(
        len(mine) == len(theirs) and all(map(np.array_equal, mine, theirs)) for mine, theirs in zip(*parts, strict=True)
    )


def _race_claim(inputs: Sequence[range], asked: Asked, announce: int) -> str:
    return (
        f"in each of {len(inputs)} slots exactly the value of '{asked.domain.name}' with most evidence wins, of equals "
        f"the lowest, at step {announce}"
    )


def _all(verdicts: Sequence[Verdict], claim: str) -> Verdict:
    """One verdict on several slots: the worst."""
    worst = next((v for v in verdicts if v.holds is False), next((v for v in verdicts if v.holds is None), verdicts[0]))
    return Verdict(worst.holds, claim, worst.counterexample, sum(v.seconds for v in verdicts), worst.detail)


def _value_names(asked: Asked) -> tuple[str, ...]:
    return tuple(f"{asked.domain.name}({slot})={value}" for slot in asked.slots for value in asked.domain.values)


def same_wiring(one: SpikingNetwork, other: SpikingNetwork) -> bool:
    """Whether two networks have the same populations and the same synapses."""
    first, second = one.flatten(), other.flatten()
    return one.input_shape == other.input_shape and all(
        np.array_equal(mine, theirs) for mine, theirs in zip(first, second, strict=True)
    )
