"""Large machines torn at the nets of their file: a judge compares thousands of small functions, not a few deep ones.

Two readings of a multiplier may differ inside of each net's cover, and no prover finds soon from the outputs alone that
they are one. So each net of the file is made an output (:func:`exposed`), which gives it a literal in both readings;
then each net becomes a function of the nets that its cover reads, as fresh inputs (:func:`torn`). If all these are
equal, so are the machines, by induction along the file. That a judge finds the torn machines different says nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from graphlib import TopologicalSorter

from .small_machines import Machine

Nets = Mapping[str, tuple[str, ...]]
"""What each net's cover reads."""

MOST = 5_000_000  # ANDs of a torn machine
MOST_LEAVES = 64
MOST_GATES = 100


def exposed(text: str) -> tuple[str, Nets]:
    """A flat BLIF text without registers in which each net is an output too, and its nets; none if it is another text.

    Raises:
        graphlib.CycleError: if a net reads itself.
    """
    lines = text.splitlines()
    nets: dict[str, tuple[str, ...]] = {}
    outputs: set[str] = set()
    first = len(lines)
    for number, words in _directives(lines):
        if words[0] == ".outputs":
            outputs.update(words[1:])
        elif words[0] == ".names":
            first = min(first, number)
            nets[words[-1]] = tuple(words[1:-1])
        elif words[0] not in (".model", ".inputs", ".end"):
            return text, {}
    TopologicalSorter(nets).prepare()
    inner = (name for name in nets if name not in outputs)
    return "\n".join((*lines[:first], *(f".outputs {name}" for name in inner), *lines[first:], "")), nets


def _directives(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The words of each directive and the number of the line on which it begins, from 0."""
    held, begun = "", -1
    for number, line in enumerate(lines):
        plain = line.partition("#")[0].rstrip()
        begun = begun if held else number
        held += plain.removesuffix("\\") + " "
        if not plain.endswith("\\"):
            words = held.split()
            if words and words[0].startswith("."):
                yield begun, words
            held = ""


def torn(ours: Machine, theirs: Machine, nets: Nets) -> tuple[Machine, Machine]:
    """Machines of the same outputs that are equal only if two matched machines are.

    Args:
        ours: Has each net among its outputs.
        theirs: Has the same inputs and outputs.
        nets: As :func:`exposed` finds them.

    Raises:
        OverflowError: if the machines are not made of small functions of the nets.
    """
    told = ours.outputs.keys() | ours.inputs.keys()
    nets = {name: tuple(read for read in reads if read in told) for name, reads in nets.items()}
    tables = _Table(ours, len(nets)), _Table(theirs, len(nets))
    for name in ours.outputs:
        stead: tuple[dict[int, int], dict[int, int]] = {}, {}
        for read in _leaves(name, nets, tables):  # equal in both: what one side knows of it holds on the other
            own = [table.literal(read) for table in tables]
            known = [table.known(literal, instead) for table, literal, instead in zip(tables, own, stead, strict=True)]
            value = next((value for value in known if value is not None), None)
            if value is None:
                value = tables[0].net(read)
                tables[1].net(read)
            for literal, instead in zip(own, stead, strict=True):
                instead.setdefault(literal & ~1, value ^ (literal & 1))
        for table, instead in zip(tables, stead, strict=True):
            table.add(name, instead)
    return tables[0].torn(), tables[1].torn()


def _leaves(name: str, nets: Nets, tables: "tuple[_Table, _Table]") -> Iterable[str]:
    """What a net is made a function of: what its cover reads, or what these read in turn.

    A gate of the cover may happen, in one reading alone, to be that of another net that the cover reads, and which is
    made of others: such a net is seen through.
    """
    leaves = dict.fromkeys(nets.get(name, ()))
    while len(leaves) < MOST_LEAVES:
        gates = [{table.literal(leaf) & ~1: leaf for leaf in leaves} for table in tables]
        made = next(
            (
                leaf
                for leaf in leaves
                if leaf in nets and any(table.makes(leaf, own) for table, own in zip(tables, gates, strict=True))
            ),
            None,
        )
        if made is None:
            break
        del leaves[made]
        leaves |= dict.fromkeys(nets[made])
    return leaves


class _Table:
    """A torn machine that grows; both have the same inputs, and so the same literals for them."""

    def __init__(self, machine: Machine, nets: int) -> None:
        self.machine = machine
        self._gates = {head: (one, other) for head, one, other in machine.ands}
        self._inputs = {literal: 2 * (1 + at) for at, literal in enumerate(machine.inputs.values())} | {0: 0}
        self._nets: dict[str, int] = {}
        self._next_net = 2 * (1 + len(machine.inputs))
        self._next_gate = self._next_net + 2 * nets
        self._found: dict[tuple[int, int], int] = {}
        self._outputs: dict[str, int] = {}

    def literal(self, name: str) -> int:
        """Of a net or an input."""
        return self.machine.outputs[name] if name in self.machine.outputs else self.machine.inputs[name]

    def makes(self, name: str, gates: Mapping[int, str]) -> bool:
        """Whether a net is made of others in a few gates."""
        root = self.literal(name) & ~1
        waiting, seen = [*self._gates.get(root, ())], 0
        while waiting:
            wire = waiting.pop() & ~1
            seen += 1
            if wire in gates and wire != root:
                continue
            if wire not in self._gates or seen > MOST_GATES:
                return False
            waiting += self._gates[wire]
        return seen > 0

    def known(self, literal: int, instead: Mapping[int, int]) -> int | None:
        """The literal of an input or of a net that was read before, if it is one."""
        wire = literal & ~1
        value = instead.get(wire, self._inputs.get(wire))
        return None if value is None else value ^ (literal & 1)

    def net(self, name: str) -> int:
        """The input in the stead of a net."""
        if name not in self._nets:
            self._nets[name] = self._next_net
            self._next_net += 2
        return self._nets[name]

    def add(self, name: str, instead: Mapping[int, int]) -> None:
        """An output as a function of what is read."""
        values = dict(instead)
        root = self.machine.outputs[name]
        waiting = [root & ~1]
        while waiting:
            wire = waiting[-1]
            if wire in values or wire in self._inputs:
                waiting.pop()
                continue
            operands = self._gates[wire]
            missing = [one & ~1 for one in operands if one & ~1 not in values and one & ~1 not in self._inputs]
            if missing:
                waiting += missing
                continue
            low, high = sorted(self._value(one, values) for one in operands)
            if (low, high) not in self._found:
                self._found[low, high] = self._next_gate
                self._next_gate += 2
                if len(self._found) > MOST:
                    raise OverflowError("the functions of the nets are not small")
            values[wire] = self._found[low, high]
        self._outputs[name] = self._value(root, values)

    def _value(self, literal: int, values: Mapping[int, int]) -> int:
        wire = literal & ~1
        return values.get(wire, self._inputs.get(wire, 0)) ^ (literal & 1)

    def torn(self) -> Machine:
        """What has grown."""
        inputs = dict(zip(self.machine.inputs, range(2, 2 + 2 * len(self.machine.inputs), 2), strict=True))
        ands = tuple((head, low, high) for (low, high), head in self._found.items())
        return Machine(inputs | {f"net {name}": at for name, at in self._nets.items()}, {}, self._outputs, ands)
