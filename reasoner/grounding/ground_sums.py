"""Ground rules that do not support each other in circles, as sums of products."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from .rules import Row
from .sums import FALSE, Case, Sums, SumsBuilder, factor_of, product_of

_MANY = 64  # cases of an atom, above which it is worth looking whether they are independent


def ground_sums(
    circles: Sequence[Sequence[Row]],
    positions: Mapping[int, int],
    denied: Mapping[int, int],
    one_hot: Sequence[range],
    outputs: Iterable[int],
    evidence: Sequence[tuple[int, bool]],
) -> Sums | None:
    """The rules as sums, an atom a node; the body of an only rule whose head is read once stands where it is read.

    Args:
        circles: Rule instances in groups, each resting on itself and on groups before it.
        positions: The input of each leaf that is a slot's value.
        denied: The atom that a leaf denies, for the leaves that are negations; any other leaf denies nothing.
        one_hot: Positions of the inputs of each slot.
        outputs: Atoms.
        evidence: Atoms and their observed truth; if there are any, every output implies them, and one more output
            says whether they hold.

    Returns:
        None if atoms support each other, or what is denied is no choice among the values of one slot.
    """
    make = SumsBuilder(one_hot)
    uses = Counter(chain.from_iterable([row.body for rows in circles for row in rows]))
    products = _Products({leaf: (2 + position,) for leaf, position in positions.items()}, denied, make)
    try:
        for rows in circles:
            head = rows[0].head
            if rows[-1].head != head:
                return None
            cases = [product_of(map(products.__getitem__, row.body)) for row in rows]
            if len(cases) > _MANY and _independent(cases, make):
                products[head] = _any_of(cases, make)
            elif len(cases) > 1 or uses[head] > 1:
                products[head] = factor_of(make.node(cases))
            else:
                products[head] = cases[0]
        if not evidence:
            return make.build([products[atom] for atom in outputs])
        observed = product_of([products[atom] if truth else products.denied(atom) for atom, truth in evidence])
        return make.build([*(product_of((products[atom], observed)) for atom in outputs), observed])
    except _NoSumError:
        return None


def _independent(cases: Sequence[Case], make: SumsBuilder) -> bool:
    """Whether each case is one value of a slot of its own."""
    return len({make.slot_of[case[0]] if len(case) == 1 else -1 for case in cases} - {-1}) == len(cases)


def _any_of(cases: Sequence[Case], make: SumsBuilder) -> Case:
    """That one of many independent cases holds, as a balanced tree of sums whose cases exclude each other."""
    level = [(case, make.complement(case) or ()) for case in cases]
    while len(level) > 1:
        joined: list[tuple[Case, Case]] = []
        for (one, no_one), (other, no_other) in zip(level[::2], level[1::2], strict=False):
            holds = make.node((one, product_of((no_one, other))))
            make.exclusive.add(holds)  # `one` and its contrary
            joined.append((factor_of(holds), factor_of(make.node((product_of((no_one, no_other)),)))))
        level = joined + level[2 * len(joined) :]
    return level[0][0]


class _NoSumError(Exception):
    """A denial of what is no choice among the values of one slot."""


class _Products(dict[int, Case]):
    """The product that each atom and leaf is: of an atom without rules it is false, of a negation what it denies."""

    def __init__(self, known: Mapping[int, Case], denied: Mapping[int, int], make: SumsBuilder) -> None:
        super().__init__(known)
        self._denied, self._make = denied, make

    def __missing__(self, item: int) -> Case:
        if item >= 0:
            return (FALSE,)  # it may rest on itself, but has no other proof
        return self.denied(self._denied[item]) if item in self._denied else ()

    def denied(self, atom: int) -> Case:
        """The contrary of an atom."""
        found = self._make.complement(self[atom])
        if found is None:
            raise _NoSumError
        return found
