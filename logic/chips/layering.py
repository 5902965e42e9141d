"""A network as layers, a layer a core: which layers there are, what each takes, and which cores can hold them.

References:
    SynSense, "DynapCNN cores" (sinabs documentation): kernel memory ``c 2^(ceil log2(kx ky) + ceil log2 f)``, neuron
    memory ``f 2^(ceil log2 fx + ceil log2 fy)`` for ``c`` channels in and ``f`` out.
"""

from collections import defaultdict

import numpy as np

from ..deployment import TargetNetwork

_KERNELS = tuple(size << 10 for size in (16, 16, 16, 32, 32, 64, 64, 16, 16))
_NEURONS = tuple(size << 10 for size in (64, 64, 64, 32, 32, 16, 16, 16, 16))


def levels_of(flat: TargetNetwork) -> list[int] | None:
    """``[N]`` for each neuron the longest chain of synapses that ends in it; None if there are loops."""
    heard: list[set[int]] = [set() for _ in range(flat.neurons)]
    reached: dict[int, list[int]] = defaultdict(list)
    inner = (flat.pre >= flat.inputs) & (flat.weight != 0)
    for pre, post in zip((flat.pre[inner] - flat.inputs).tolist(), flat.post[inner].tolist(), strict=True):
        if pre not in heard[post]:
            heard[post].add(pre)
            reached[pre].append(post)
    missing = [len(sources) for sources in heard]
    level = [1] * flat.neurons
    ready = [neuron for neuron, count in enumerate(missing) if not count]
    for neuron in ready:
        for target in reached[neuron]:
            level[target] = max(level[target], level[neuron] + 1)
            missing[target] -= 1
            if not missing[target]:
                ready.append(target)
    return level if len(ready) == flat.neurons else None


def layer_use(flat: TargetNetwork) -> dict[str, int]:
    """What the layers take of a chip that holds a layer a core, each joined to the next by a full matrix.

    The neurons of one level are a layer; a loop makes all neurons one layer that reaches itself.
    """
    level = np.array(levels_of(flat) or [1] * flat.neurons, np.int64)
    depth = int(level.max(initial=0))
    sizes = np.bincount(level, minlength=depth + 1)[1:].tolist()
    source = np.concatenate([np.zeros(flat.inputs, np.int64), level])[flat.pre]
    links = sorted(set(zip(source.tolist(), level[flat.post].tolist(), strict=True)))
    reaches = np.bincount([link[0] for link in links if link[0]], minlength=1)
    entering = [0] * (depth + 1)
    for sender, receiver in links:
        entering[receiver] += sizes[sender - 1] if sender else flat.inputs
    kernels = [entering[place + 1] * _power(size) for place, size in enumerate(sizes)]
    thresholds = [len(set(flat.threshold[level == place + 1].tolist())) for place in range(depth)]
    return {
        "cores": depth,
        "neurons_per_core": max(sizes, default=0),
        "channels": max(sizes, default=0),
        "targets_per_layer": int(reaches.max(initial=0)),
        "thresholds_per_core": max(thresholds, default=0),
        "layers_without_core": depth - _matched(list(zip(kernels, sizes, strict=True))),
    }


def _power(count: int) -> int:
    return 1 << max(0, count - 1).bit_length()


def _matched(layers: list[tuple[int, int]]) -> int:
    """How many layers find a core of their own that is large enough (a bipartite matching, by augmenting paths)."""
    holder: dict[int, int] = {}

    def place(layer: int, seen: set[int]) -> bool:
        kernel, neurons = layers[layer]
        for core, (most_kernel, most_neurons) in enumerate(zip(_KERNELS, _NEURONS, strict=True)):
            if core not in seen and kernel <= most_kernel and neurons <= most_neurons:
                seen.add(core)
                if core not in holder or place(holder[core], seen):
                    holder[core] = layer
                    return True
        return False

    return sum(place(layer, set()) for layer in range(len(layers)))
