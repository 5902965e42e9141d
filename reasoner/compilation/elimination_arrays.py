"""The nodes of large tables as index tables: the work of one variable is a layer."""

from collections.abc import Sequence

import numpy as np

from ..grounding.sums import FALSE, TRUE, SumsBuilder
from .elimination import Bucket, Making
from .layers import Arrays, Layer, Layers


class ArrayMaking(Making):
    """As layers of index tables.

    Args:
        sums: The nodes that there are already, each a sum of inputs.
    """

    def __init__(self, sums: SumsBuilder) -> None:
        self._first = self._rows = sums.first
        self._layers: list[Layer[Arrays]] = []
        if sums.nodes:
            children = np.full((len(sums.nodes), max(map(len, sums.nodes)), 1), FALSE, dtype=np.int64)
            for row, cases in zip(children, sums.nodes, strict=True):
                row[: len(cases)] = cases
            self._layers.append(Layer(self._first, children))
            self._rows += len(children)

    def summed(self, bucket: Bucket) -> Arrays:
        """The nodes of the table that is left."""
        axes = {one: axis for axis, one in enumerate([*bucket.axes, bucket.variable])}
        shape = [bucket.sizes[one] for one in axes]
        parts: list[Arrays] = []
        for table in bucket.tables:
            by_axis = sorted(range(len(table.variables)), key=lambda number: axes[table.variables[number]])
            own = {axes[one] for one in table.variables}
            spread = [size if axis in own else 1 for axis, size in enumerate(shape)]
            nodes = np.asarray(table.nodes).reshape(table.sizes).transpose(by_axis).reshape(spread)
            parts.append(np.broadcast_to(nodes, shape).reshape(-1, shape[-1]))
        return self._nodes(np.stack(parts, axis=2))

    def product(self, nodes: Sequence[int]) -> int:
        """The node of a product."""
        return int(self._nodes(np.array([[nodes or [TRUE]]], dtype=np.int64))[0])

    def build(self, outputs: Sequence[int]) -> tuple[Layers[Arrays], int]:
        """The layers so far."""
        ends = np.array(outputs, dtype=np.int64)
        return Layers(tuple(self._layers), self._rows, ends, range(self._rows)), self._rows - self._first

    def _nodes(self, children: Arrays) -> Arrays:
        """The node of each sum of products; ``[nodes, cases, width]``, false cases and true factors are left out."""
        count = len(children)
        alive = (children != FALSE).all(axis=2)
        cases = alive.sum(axis=1)
        if cases.min(initial=0) < children.shape[1]:
            most = max(int(cases.max(initial=0)), 1)
            front = np.argsort(~alive, axis=1, kind="stable")[:, :most]
            children = np.take_along_axis(children, front[:, :, None], axis=1)
            children[np.arange(most) >= cases[:, None]] = FALSE
        factors = (children > TRUE).sum(axis=2)
        widest = max(int(factors.max(initial=0)), 1)
        if widest < children.shape[2]:
            front = np.argsort(children == TRUE, axis=2, kind="stable")[:, :, :widest]
            children = np.take_along_axis(children, front, axis=2)
        plain = (cases == 0) | ((cases == 1) & (factors[:, 0] <= 1))
        found = np.where(cases == 0, FALSE, children[:, 0].max(axis=1))
        new = ~plain
        made = int(new.sum())
        if made:
            found[new] = np.arange(self._rows, self._rows + made)
            self._layers.append(Layer(self._rows, np.ascontiguousarray(children[new])))
            self._rows += made
        return found.reshape(count)
