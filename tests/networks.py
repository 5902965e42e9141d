"""Networks that several tests use: random ones, and an adder."""

import numpy as np

from logic.network import INPUT, Convolution, Population, Projection, SpikingNetwork, Synapses
from logic.rails import rail_lines, single_lines


def random_network(
    rng: np.random.Generator, *, balanced: bool, retain: bool = False, spread: int = 4
) -> SpikingNetwork:
    """Neurons with arbitrary weights; balanced ones have slots, others have loops and any delays."""
    inputs, neurons, synapses = int(rng.integers(1, 6)), int(rng.integers(1, 14)), int(rng.integers(0, 60))
    post = rng.integers(0, neurons, synapses)
    pre = rng.integers(0, inputs + neurons, synapses)
    delay = rng.integers(1, 5, synapses)
    slots = np.zeros(inputs + neurons, dtype=np.int64)
    if balanced:
        slots[inputs:] = rng.integers(1, 7, neurons)
        slots[:inputs] = rng.integers(0, 2) * rng.integers(0, 3, inputs)
        kept = slots[inputs + post] > slots[pre]
        post, pre = post[kept], pre[kept]
        delay = slots[inputs + post] - slots[pre]
    weight = rng.integers(-spread, spread + 1, len(post))
    cells = Population(
        "cells",
        (neurons,),
        rng.integers(-3, 2 * spread, neurons) if rng.random() < 0.5 else rng.integers(1, 2 * spread, neurons),
        retain=retain,
        leak=int(rng.choice([0, 1, 2, 5])) if retain else 0,
        reset="subtract" if retain and rng.random() < 0.5 else "zero",
        bias=rng.integers(-1, 2, neurons) * int(rng.integers(0, 2)),
        initial=rng.integers(-3, 4, neurons),
    )
    from_input, from_cells = pre < inputs, pre >= inputs
    links = (
        Synapses(INPUT, "cells", pre[from_input], post[from_input], weight[from_input], delay[from_input]),
        Synapses("cells", "cells", pre[from_cells] - inputs, post[from_cells], weight[from_cells], delay[from_cells]),
    )
    last = np.arange(inputs, inputs + neurons)
    return SpikingNetwork(
        (inputs,), (cells,), links, last, single_lines(f"n{i}" for i in range(neurons)), np.maximum(slots[inputs:], 0)
    )


def random_maps(rng: np.random.Generator) -> SpikingNetwork:
    """Maps with all that the semantics knows: padding, strides, groups, delays, residual edges, loops, leaks, resets.

    Each map hears an earlier one or the input, and perhaps more of them by residual edges with other delays; the last
    population hears single neurons, and itself.
    """
    calm = rng.random() < 0.4  # as trained networks are: silent if they hear nothing
    shape = (2 * int(rng.integers(1, 3)), int(rng.integers(3, 7)), int(rng.integers(3, 7)))
    shapes: dict[str, tuple[int, ...]] = {INPUT: shape}
    populations, links = list[Population](), list[Projection]()
    for number in range(int(rng.integers(1, 4))):
        name, source = f"map{number}", str(rng.choice(list(shapes)))
        window = _random_window(rng, source, name, shapes[source])
        shapes[name] = window.shape_from(shapes[source])
        links.append(window)
        for other in list(shapes)[:-1]:
            if rng.random() < 0.4:
                links.append(_residual(rng, other, name, shapes))
        populations.append(_random_population(rng, name, shapes[name], calm))
    last, size = "last", int(rng.integers(1, 7))
    for source in [*shapes, last]:
        sizes, count = (int(np.prod(shapes.get(source, (size,)))), size), int(rng.integers(0, 24))
        pre, post = (rng.integers(0, extent, count) for extent in sizes)
        links.append(Synapses(source, last, pre, post, rng.integers(-4, 5, count), rng.integers(1, 5, count)))
    if rng.random() < 0.4:  # a loop from the last population back into the first map
        count = int(rng.integers(1, 5))
        ends = rng.integers(0, size, count), rng.integers(0, populations[0].size, count)
        links.append(Synapses(last, populations[0].name, *ends, rng.integers(-3, 4, count), rng.integers(1, 4, count)))
    populations.append(_random_population(rng, last, (size,), calm))
    neurons = sum(population.size for population in populations)
    outputs = int(np.prod(shape)) + neurons - 1 - np.arange(2 if size > 1 else 1)
    names = single_lines(f"y{place}" for place in range(len(outputs)))
    return SpikingNetwork(shape, tuple(populations), tuple(links), outputs, names, np.full(len(outputs), 4))


def _random_population(rng: np.random.Generator, name: str, shape: tuple[int, ...], calm: bool) -> Population:
    size, active = int(np.prod(shape)), 0 if calm else int(rng.integers(0, 2))
    retain, scale = bool(rng.random() < 0.75), int(rng.choice([3, 12]))
    return Population(
        name,
        shape,
        rng.integers(1 if calm or rng.random() < 0.7 else -1, scale, size),
        retain=retain,
        leak=int(rng.choice([0, 1, 1, 2, 6])) if retain else 0,
        reset="subtract" if retain and rng.random() < 0.4 else "zero",
        bias=rng.integers(-1, 2, size) * active,
        initial=rng.integers(-5, 6, size) * active,
    )


def _random_window(rng: np.random.Generator, source: str, target: str, shape: tuple[int, ...]) -> Convolution:
    groups = int(rng.choice([group for group in (1, 2) if shape[0] % group == 0]))
    height, width = (int(rng.integers(1, min(4, side) + 1)) for side in shape[1:])
    kernel = rng.integers(-4, 5, (groups * int(rng.integers(1, 3)), shape[0] // groups, height, width))
    stride, delay, padding = (int(rng.integers(low, high)) for low, high in ((1, 3), (1, 4), (0, 3)))
    return Convolution(source, target, kernel, stride, groups, delay, padding)


def _residual(rng: np.random.Generator, source: str, target: str, shapes: dict[str, tuple[int, ...]]) -> Projection:
    """An identity where the shapes are equal, else some synapses."""
    delay = int(rng.integers(1, 5))
    if shapes[source] == shapes[target]:
        channels = shapes[source][0]
        return Convolution(source, target, rng.integers(-4, 5, (channels, 1, 1, 1)), groups=channels, delay=delay)
    pre, post = (rng.integers(0, int(np.prod(shapes[name])), 9) for name in (source, target))
    return Synapses(source, target, pre, post, rng.integers(-3, 4, 9), delay)


def dual_rail_adder(bits: int) -> SpikingNetwork:
    """The 6 n-neuron adder of majorities, all weights 1: C = M(a, b, c), S = M(~C, M(a, b, ~c), c)."""
    pre, post, delay = list[int](), list[int](), list[int]()
    lines, slots = 4 * bits + 2, [0] * (4 * bits + 2)

    def majority(a: int, b: int, c: int, slot: int) -> int:
        nonlocal lines
        for source in (a, b, c):
            pre.append(source)
            post.append(lines - 4 * bits - 2)
            delay.append(slot - slots[source])
        slots.append(slot)
        lines += 1
        return lines - 1

    carry, sums = (4 * bits, 4 * bits + 1), list[int]()
    for bit in range(bits):
        a, b = (2 * bit, 2 * bit + 1), (2 * bits + 2 * bit, 2 * bits + 2 * bit + 1)
        start = max(slots[carry[0]], bit)
        following = (majority(a[0], b[0], carry[0], start + 1), majority(a[1], b[1], carry[1], start + 1))
        inner = (majority(a[0], b[0], carry[1], start + 1), majority(a[1], b[1], carry[0], start + 1))
        sums += [majority(following[1 - rail], inner[rail], carry[rail], start + 2) for rail in (0, 1)]
        carry = following
    outputs = [*sums, *carry]
    neurons = np.array([p >= 4 * bits + 2 for p in pre])
    source, target, wait = np.array(pre), np.array(post), np.array(delay)
    names = [f"{word}{bit}" for word in "ab" for bit in range(bits)]
    return SpikingNetwork(
        (4 * bits + 2,),
        (Population("majority", (6 * bits,), 2),),
        (
            Synapses(INPUT, "majority", source[~neurons], target[~neurons], 1, wait[~neurons]),
            Synapses("majority", "majority", source[neurons] - 4 * bits - 2, target[neurons], 1, wait[neurons]),
        ),
        np.array(outputs),
        rail_lines(f"s{bit}" for bit in range(bits + 1)),
        np.array([slots[line] for line in outputs]),
        rail_lines([*names, "c"]),
    )
