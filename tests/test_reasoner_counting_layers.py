"""Sums as layers of index tables give the numbers of the sums, read one by one; dense layers give them as well."""

from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from reasoner.compilation.layers import Layers, layered
from reasoner.grounding.sums import Case, Sums

GROUPS = (range(3), range(3, 8), range(8, 13))
FIRST = 2 + 13


def random_sums(rng: Random) -> Sums:
    nodes = list[tuple[Case, ...]]()
    for _ in range(rng.randint(1, 25)):
        earlier = range(1, FIRST + len(nodes))
        if rng.random() < 0.5:  # pairs of values of two slots, which may become a matrix product
            left, right = sorted(rng.sample(GROUPS, 2), key=lambda group: group.start)
            pairs = [(2 + a, 2 + b) for a in left for b in right]
            nodes.append(tuple(rng.sample(pairs, rng.randint(1, len(pairs)))))
        else:
            drawn = [tuple(sorted(set(rng.choices(earlier, k=rng.randint(1, 4))))) for _ in range(rng.randint(1, 5))]
            nodes.append(tuple(dict.fromkeys(drawn)))
    outputs = tuple(rng.randrange(FIRST + len(nodes)) for _ in range(3))
    return Sums(GROUPS, tuple(nodes), outputs)


def one_by_one(sums: Sums, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
    values = [0.0, 1.0, *inputs.tolist()]
    for cases in sums.nodes:
        values.append(sum(float(np.prod([values[item] for item in case])) for case in cases))
    return np.array(values)


def by_layers(layers: Layers[NDArray[np.int64]], inputs: NDArray[np.float64], *, dense: bool) -> NDArray[np.float64]:
    rows = np.zeros(layers.rows)
    rows[1], rows[2 : 2 + len(inputs)] = 1.0, inputs
    for layer in layers.layers:
        if dense and layer.dense is not None:
            left, right = rows[layer.dense.left], rows[layer.dense.right]
            pairs = (left[:, None] * right[None]).reshape(-1, left.shape[1])
            made = (layer.dense.matrix @ pairs).flatten()
        else:
            made = rows[layer.children].prod(axis=2).sum(axis=1)
        rows[layer.start : layer.start + len(made)] = made
    return rows


@pytest.mark.parametrize("seed", range(40))
def test_layers_are_the_sums(seed: int) -> None:
    sums, inputs = random_sums(Random(seed)), np.random.default_rng(seed).random(13)
    layers, expected = layered(sums), one_by_one(sums, inputs)
    for dense in (False, True):
        rows = by_layers(layers, inputs, dense=dense)
        np.testing.assert_allclose(rows[list(layers.row_of)], expected, rtol=1e-5)
        np.testing.assert_allclose(rows[layers.outputs], expected[list(sums.outputs)], rtol=1e-5)


def test_equal_tables_over_other_slots_become_one_matrix_product() -> None:
    groups = tuple(range(5 * slot, 5 * slot + 5) for slot in range(4))
    pairs = [(a, b) for a in range(5) for b in range(5)]
    nodes = [
        tuple((2 + left + a, 2 + right + b) for a, b in chosen)
        for left, right in ((0, 5), (10, 15))
        for chosen in (pairs[:20], pairs[3:])
    ]
    sums = Sums(groups, tuple(nodes), (22, 23, 24, 25))
    layers, inputs = layered(sums), np.random.default_rng(0).random(20)
    [layer] = layers.layers
    assert layer.dense is not None
    assert layer.dense.matrix.shape == (2, 25)
    assert layer.dense.left.shape == layer.dense.right.shape == (5, 2)
    for dense in (False, True):
        rows = by_layers(layers, inputs, dense=dense)
        np.testing.assert_allclose(rows[layers.outputs], one_by_one(sums, inputs)[-4:])
