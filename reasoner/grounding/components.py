"""Strongly connected components: which atoms support each other in a circle."""

from collections.abc import Mapping, Sequence


def components(successors: Mapping[int, Sequence[int]]) -> list[list[int]]:
    """The strongly connected components, each after all that it reaches.

    Args:
        successors: For every node the nodes it points to, all of them keys too.

    Returns:
        Lists of nodes.

    References:
        Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Computing 1 (1972); without recursion.
    """
    found: list[list[int]] = []
    number: dict[int, int] = {}
    lowest: dict[int, int] = {}
    stack: list[int] = []
    waiting: set[int] = set()
    for root in successors:
        if root in number:
            continue
        path = [(root, iter(successors[root]))]
        number[root] = lowest[root] = len(number)
        stack.append(root)
        waiting.add(root)
        while path:
            node, rest = path[-1]
            for successor in rest:
                if successor not in number:
                    number[successor] = lowest[successor] = len(number)
                    stack.append(successor)
                    waiting.add(successor)
                    path.append((successor, iter(successors[successor])))
                    break
                if successor in waiting:
                    lowest[node] = min(lowest[node], number[successor])
            else:
                path.pop()
                if path:
                    lowest[path[-1][0]] = min(lowest[path[-1][0]], lowest[node])
                if lowest[node] == number[node]:
                    component = [stack.pop()]
                    while component[-1] != node:
                        component.append(stack.pop())
                    waiting.difference_update(component)
                    found.append(component)
    return found
