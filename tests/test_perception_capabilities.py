"""The table of all names: nothing is left out, and what it says of parts is what happens when they run."""

from functools import cache
from typing import get_args

import pytest
import torch
from torch import nn

from perception import (
    LOSSES,
    NEURONS,
    NORMS,
    REMEDIES,
    RULES,
    SURROGATES,
    Entry,
    catalogue,
    presets,
    settle_norms,
    to_surrogate,
)
from perception.architectures import (
    Attention,
    PoolOrder,
    Preset,
    Shortcut,
    SpikingAttention,
    SpikingResNet,
    SpikingTransformer,
    Tokens,
    build,
    count_parameters,
    preset,
    to_nir_graph,
    weighted_inputs,
)


@cache
def entries() -> dict[tuple[str, str], Entry]:
    rows = catalogue()
    found = {(row.kind, row.name): row for row in rows}
    assert len(found) == len(rows)
    return found


def names(kind: str) -> set[str]:
    return {name for row, name in entries() if row == kind}


def test_every_name_has_a_row() -> None:
    assert names("preset") == set(presets())
    assert names("neuron") == set(NEURONS)
    assert names("surrogate") == {*SURROGATES, "lsg"}
    assert names("loss") == set(LOSSES) == {"tet", "sml", "rate_band"}
    assert names("norm") == set(NORMS) == {"tdbn", "tebn"}
    assert names("remedy") == set(REMEDIES)
    assert names("plasticity") == set(RULES)
    assert names("shortcut") == {*get_args(Shortcut), "max-ms"}
    assert names("attention") == set(get_args(Attention))
    assert names("tokens") == set(get_args(Tokens))
    assert names("pool order") == set(get_args(PoolOrder))


PARTS: dict[tuple[str, str], Preset] = {
    **{("shortcut", name): preset("tiny_ms_resnet", shortcut=name) for name in get_args(Shortcut)},
    ("shortcut", "max-ms"): preset("tiny_ms_resnet", downsampling="max", projection="max"),
    **{
        ("attention", kind): preset("tiny_sdt", stages=((64, 1, kind),), chunk=2 if kind == "statten" else 1)
        for kind in get_args(Attention)
    },
    **{("tokens", name): preset("tiny_sdt", tokens=name, keep=0.5) for name in get_args(Tokens)},
    ("time", "one-step compression"): preset("tiny_ost"),
    **{("pool order", order): preset("tiny_sdt", order=order) for order in get_args(PoolOrder)},
}


@pytest.mark.parametrize("part", PARTS, ids=lambda part: "-".join(part))
def test_what_the_table_says_of_a_part_happens(part: tuple[str, str]) -> None:
    chosen, said = PARTS[part], entries()[part]
    network = build(chosen, torch.Generator().manual_seed(0))
    shown = torch.rand(4, 4, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    settle_norms(network, lambda: network(shown))
    network.eval()
    traffic = weighted_inputs(network, shown)
    if part != ("shortcut", "sew-and"):  # under which, untrained, spikes die out
        assert said.binary == (set(traffic.values()) == {"binary"}), traffic
    changed = shown.clone()
    changed[-1] = 1 - changed[-1]
    with torch.no_grad():
        first, second = network(shown), network(changed)
    if said.causal:  # that others are not is shown by the presets' tests
        torch.testing.assert_close(first[:-1], second[:-1])
    if isinstance(network, SpikingTransformer):
        assert said.nir is False
    else:
        assert isinstance(network, SpikingResNet)
        if said.nir:
            to_nir_graph(network, 28)  # run in snnTorch by the tests of NIR graphs
        else:
            with pytest.raises(ValueError, match="no max-pool of currents"):
                to_nir_graph(network, 28)


def test_parameters_of_parts_are_counted() -> None:
    for kind in get_args(Attention):
        layers = [
            module for module in build(PARTS["attention", kind]).modules() if isinstance(module, SpikingAttention)
        ]
        assert [count_parameters(layer) for layer in layers] == [entries()["attention", kind].parameters]
    assert entries()["tokens", "anchor"].parameters == 4 * 64
    assert entries()["norm", "tdbn"].parameters == count_parameters(nn.BatchNorm2d(64))
    assert entries()["norm", "tebn"].parameters == count_parameters(nn.BatchNorm2d(64)) + 4
    assert entries()["neuron", "psn"].parameters == 4 * 4 + 4
    assert entries()["surrogate", "lsg"].parameters == entries()["neuron", "plif"].parameters == 1


def test_names_are_what_can_be_asked_for() -> None:
    for name in SURROGATES:
        assert to_surrogate(name).name == name
    for name, make in NORMS.items():
        current = torch.randn(4, 2, 3, 5, 5)
        assert make(3, 4)(current).shape == current.shape, name
    assert all(callable(rule) for rule in (*RULES.values(), *LOSSES.values()))
