"""The semantics of leak, reset and padding by hand, what is refused, and what carries them on."""

import numpy as np
import pytest
import torch

from logic import INPUT, Convolution, Line, NetworkError, Population, SpikingNetwork, Synapses, join, simulate_reference
from logic.network import refuse_beyond
from logic.projections import write_out


def one_cell(cell: Population, weight: int = 1) -> SpikingNetwork:
    wire = Synapses(INPUT, cell.name, [0], [0], weight)
    return SpikingNetwork((1,), (cell,), (wire,), np.array([1]), (Line("y"),), np.array([1]), (Line("x"),))


def fired(cell: Population, weight: int, spikes: list[int], steps: int) -> list[int]:
    trains = simulate_reference(one_cell(cell, weight), np.array(spikes, dtype=bool)[:, None], steps)
    return np.flatnonzero(trains[:, 1]).tolist()


def test_a_leak_halves_and_rounds_down() -> None:
    # membranes with weight 3: 0, 3, 1 + 3 = 4, 2 + 3 = 5 fires, 3, ... and without the leak 3, 6 fires, 3, 6 fires
    assert fired(Population("cell", (1,), 5, retain=True, leak=1), 3, [1] * 7, 8) == [3, 6]
    assert fired(Population("cell", (1,), 5, retain=True), 3, [1] * 7, 8) == [2, 4, 6]
    # -5 becomes -3, -2, -1 and stays at -1, so that a bias of 1 holds it at 0 or above: floor(-3 / 2) = -2
    falling = Population("cell", (1,), 1, retain=True, leak=1, initial=-5, bias=[1])
    assert fired(falling, 0, [], 5) == [2, 3, 4]  # -3 + 1 = -2, -1 + 1 = 0, 0 + 1 = 1 fires
    assert fired(Population("cell", (1,), 1, retain=True, leak=2, initial=9), 0, [], 3) == [0]  # floor(9 / 4) = 2


def test_a_soft_reset_keeps_what_is_above_the_threshold() -> None:
    # 7, fires, 2 + 7 = 9 fires, 4 + 7 = 11 fires, 6 fires, 1
    assert fired(Population("cell", (1,), 5, retain=True, reset="subtract"), 7, [1] * 3, 7) == [1, 2, 3, 4]
    # with a leak: 7 fires, 1 + 7 = 8 fires, 1 + 7 = 8 fires, 1
    assert fired(Population("cell", (1,), 5, retain=True, leak=1, reset="subtract"), 7, [1] * 3, 7) == [1, 2, 3]


@pytest.mark.parametrize(
    ("size", "stride", "padding", "groups"), [(3, 1, 1, 1), (3, 2, 1, 2), (5, 2, 2, 1), (1, 1, 2, 4)]
)
def test_padding_is_that_of_torch(size: int, stride: int, padding: int, groups: int) -> None:
    rng = np.random.default_rng(size + stride)
    kernel = rng.integers(-3, 4, (4, 4 // groups, size, size))
    link = Convolution(INPUT, "map", kernel, stride, groups, padding=padding)
    picture = torch.from_numpy(rng.integers(0, 2, (1, 4, 6, 7)).astype(np.float64))
    wanted = torch.nn.functional.conv2d(
        picture, torch.from_numpy(kernel).double(), None, stride, padding, groups=groups
    ).numpy()[0]
    assert link.shape_from((4, 6, 7)) == wanted.shape
    written = write_out(link, (4, 6, 7), wanted.shape)
    found = np.zeros(wanted.size)
    np.add.at(found, written.post, written.weight * picture.numpy().reshape(-1)[written.pre])
    np.testing.assert_array_equal(found.reshape(wanted.shape), wanted)


def test_what_is_no_leak_reset_or_padding_is_refused() -> None:
    for wrong in (-1, 1.5, True, "1"):
        with pytest.raises(NetworkError, match="leak of 'cell' must be a whole number"):
            Population("cell", (1,), 1, retain=True, leak=wrong)  # pyright: ignore[reportArgumentType]
    with pytest.raises(NetworkError, match="at most 62"):
        Population("cell", (1,), 1, retain=True, leak=63)
    with pytest.raises(NetworkError, match="'zero' or 'subtract'"):
        Population("cell", (1,), 1, retain=True, reset="soft")  # pyright: ignore[reportArgumentType]
    for more in ({"leak": 1}, {"reset": "subtract"}):
        with pytest.raises(NetworkError, match="'cell' forgets its membrane"):
            Population("cell", (1,), 1, **more)  # pyright: ignore[reportArgumentType]
    kernel = np.ones((1, 1, 3, 3), int)
    with pytest.raises(NetworkError, match="padding of input -> map must be"):
        Convolution(INPUT, "map", kernel, padding=-1)
    with pytest.raises(NetworkError, match="stride of input -> map must be"):
        Convolution(INPUT, "map", kernel, stride=0)
    with pytest.raises(NetworkError, match="does not fit"):
        Convolution(INPUT, "map", kernel).shape_from((1, 2, 2))
    wrong_map = (Population("map", (1, 4, 4), 1),)
    with pytest.raises(NetworkError, match=r"maps \(1, 4, 4\) to \(1, 2, 2\), not \(1, 4, 4\)"):
        SpikingNetwork(
            (1, 4, 4), wrong_map, (Convolution(INPUT, "map", kernel),), np.array([16]), (Line("y"),), np.array([1])
        )


def test_a_reader_that_does_not_follow_says_so() -> None:
    network = one_cell(Population("cell", (1,), 1, retain=True, leak=2, reset="subtract"))
    with pytest.raises(NetworkError, match="the printer cannot follow the leak 2 of population 'cell'"):
        refuse_beyond(network, "the printer", subtract=True)
    with pytest.raises(NetworkError, match="the printer cannot follow the reset 'subtract' of population 'cell'"):
        refuse_beyond(network, "the printer", leak=True)
    refuse_beyond(network, "the printer", leak=True, subtract=True)
    link = Convolution(INPUT, "map", np.ones((1, 1, 3, 3), int), padding=1)
    padded = SpikingNetwork(
        (1, 4, 4), (Population("map", (1, 4, 4), 1),), (link,), np.array([16]), (Line("y"),), np.array([1])
    )
    with pytest.raises(NetworkError, match="the printer cannot follow the padding 1 of input -> map"):
        refuse_beyond(padded, "the printer")


def test_leak_and_reset_go_with_the_population() -> None:
    part = one_cell(Population("cell", (1,), 3, retain=True, leak=2, reset="subtract"))
    assert "cell          1 neurons, keeps its membrane / 4, rounded down, less its threshold at a spike" in repr(part)
    node = part.to_networkx().nodes[1]
    assert (node["leak"], node["subtract"]) == (2, True)
    flat = part.flatten()
    assert (flat.leak.tolist(), flat.subtract.tolist()) == ([2], [True])


def test_joined_parts_keep_leak_and_reset() -> None:
    rails = (Line("x", 0), Line("x", 1))
    cell = Population("cell", (2,), 3, retain=True, leak=2, reset="subtract")
    part = SpikingNetwork(
        (2,),
        (cell,),
        (Synapses(INPUT, "cell", [0, 1], [0, 1], 1),),
        np.array([1 + 1, 2 + 1]),
        rails,
        np.array([1, 1]),
        rails,
    )
    whole = join(["x"], {"part": part}, {"part": {"x": "x"}}, {"y": "part.x"})
    assert (whole.populations[0].leak, whole.populations[0].reset) == (2, "subtract")
