"""Networks that several tests use: random ones, and an adder."""

import numpy as np

from logic.network import INPUT, Population, SpikingNetwork, Synapses
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
