"""All that perception knows by name, with what is true of it: size, steps, binary traffic, NIR. Nothing is typed in.

Facts about a part are those of the smallest network that has it: ``tiny_ms_resnet`` with another neuron, shortcut or
pool, ``tiny_sdt`` with another attention, token policy or pool; ``tiny_ost`` for one-step compression.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

import torch

from .architectures import (
    Attention,
    PoolOrder,
    Preset,
    Shortcut,
    SpikingAttention,
    Tokens,
    build,
    count_parameters,
    has_nir_graph,
    has_products,
    is_binary,
    is_causal,
    preset,
    presets,
)
from .architectures.normalization import NORMS
from .integers import integer_obstacle
from .learning.losses import LOSSES, SurrogateHead
from .learning.revival import REMEDIES
from .neurons import NEURONS, neuron
from .neurons.surrogates import SURROGATES
from .plasticity.rule_catalogue import RULES

WIDTH, STEPS, HEADS, CLASSES = 64, 4, 4, 10  # of the part that is counted


@dataclass(frozen=True)
class Entry:
    """One name; none where a column does not apply.

    Args:
        kind: What it names.
        name: By which it is asked for.
        parameters: Learned numbers: of the whole network, of a layer of 64 channels, or added to a network.
        published_millions: Parameters as published, of a preset.
        steps: ``T`` of a preset, ``any``, or ``fixed`` when it is built.
        picture: Channels, height and width, of a preset.
        binary: Whether every weighted input behind the first layer is zeros and ones with it.
        causal: Whether the logits of a step depend on no later frame.
        products: Whether spikes are multiplied by spikes that both change.
        nir: Whether a network with it can be written as NIR with its real weights.
        integers: Whether a network with it has an integer form.
    """

    kind: str
    name: str
    parameters: int | None = None
    published_millions: float | None = None
    steps: str = "any"
    picture: str | None = None
    binary: bool | None = None
    causal: bool | None = None
    products: bool | None = None
    nir: bool | None = None
    integers: bool | None = None


def catalogue() -> list[Entry]:
    """Every preset, neuron, surrogate, loss, norm, plasticity rule, shortcut, attention, token policy and pool."""
    with torch.device("meta"):
        networks = [*_presets(), *_parts()]
    trained = [
        *(Entry("surrogate", name, 0) for name in SURROGATES),
        Entry("surrogate", "lsg", count_parameters(neuron("lsg"))),  # whose width is learned, with the leak
        *(
            Entry("loss", name, count_parameters(SurrogateHead(WIDTH, CLASSES)) if name == "sml" else 0)
            for name in LOSSES
        ),
        *(_norm(name) for name in NORMS),
        *(Entry("remedy", name, int(name == "learned_leak")) for name in REMEDIES),
        *(Entry("plasticity", name) for name in RULES),
    ]
    return [*networks, *_neurons(), *trained]


def _presets() -> Iterator[Entry]:
    for name, chosen in presets().items():
        yield _known(
            "preset",
            name,
            chosen,
            count_parameters(build(chosen)),
            published_millions=chosen.published or None,
            steps=str(chosen.steps),
            picture=f"{chosen.channels} x {chosen.size} x {chosen.size}",
        )


def _known(kind: str, name: str, chosen: Preset, parameters: int, **more: Any) -> Entry:
    """What holds for a network."""
    return Entry(
        kind,
        name,
        parameters,
        binary=is_binary(chosen),
        causal=is_causal(chosen),
        products=has_products(chosen),
        nir=has_nir_graph(chosen),
        integers=integer_obstacle(chosen) is None,
        **more,
    )


def _neurons() -> Iterator[Entry]:
    for name, kind in NEURONS.items():
        layer = neuron(name, **kind.sample)
        chosen = preset("tiny_ms_resnet", neuron={"name": name, "options": kind.sample})
        yield Entry(
            "neuron",
            name,
            count_parameters(layer),
            steps="fixed" if "steps" in kind.sample else "any",
            binary=is_binary(chosen),
            causal=is_causal(chosen),
            nir=layer.nir_form() is not None,
            integers=layer.integer_form() is not None,
        )


def _parts() -> Iterator[Entry]:
    for shortcut in get_args(Shortcut):
        yield _known("shortcut", shortcut, preset("tiny_ms_resnet", shortcut=shortcut), 0)
    yield _known("shortcut", "max-ms", preset("tiny_ms_resnet", downsampling="max", projection="max"), 0)
    for kind in get_args(Attention):
        chosen = preset("tiny_sdt", stages=((WIDTH, 1, kind),), chunk=2 if kind == "statten" else 1)
        layer = SpikingAttention(WIDTH, kind, chosen.neuron.factory(), heads=HEADS)
        steps = "multiple of the chunk" if kind == "statten" else "any"
        yield _known("attention", kind, chosen, count_parameters(layer), steps=steps)
    for policy in get_args(Tokens):
        chosen = preset("tiny_sdt", stages=((WIDTH, 1, "sdsa"),), tokens=policy, keep=0.5)
        without = preset("tiny_sdt", stages=((WIDTH, 1, "sdsa"),))
        added = count_parameters(build(chosen)) - count_parameters(build(without))
        yield _known("tokens", policy, chosen, added, steps="fixed" if added else "any")
    yield _known("time", "one-step compression", preset("tiny_ost"), 0)
    for order in get_args(PoolOrder):
        yield _known("pool order", order, preset("tiny_sdt", order=order), 0)


def _norm(name: str) -> Entry:
    layer = NORMS[name](WIDTH, STEPS)
    folds = name == "tdbn"  # the factors of steps do not fold into one weight
    steps = "any" if folds else "fixed"
    return Entry("norm", name, count_parameters(layer), steps=steps, nir=folds, integers=folds)
