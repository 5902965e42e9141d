"""A circuit as sums of products, where rules support each other in circles or a decision diagram was made."""

import numpy as np

from logic import Circuit, Gate

from .sums import FALSE, Case, Sums, SumsBuilder, factor_of, product_of


def sums_of(circuit: Circuit) -> Sums | None:
    """A circuit whose inputs all belong to slots as sums; None if it has other gates than AND and OR, or complements
    of what is no choice among the values of one slot.
    """  # noqa: D205
    if not np.isin(circuit.kinds, (Gate.AND, Gate.OR)).all():
        return None
    make = SumsBuilder(circuit.one_hot)
    products: dict[int, Case | None] = {0: (FALSE,)}
    products.update({2 * (1 + p): (2 + p,) for p in range(len(circuit.inputs))})

    def read(literal: int) -> Case | None:
        if literal not in products:  # the complement of a wire that is known
            plain = products[literal ^ 1]
            products[literal] = None if plain is None else make.complement(plain)
        return products[literal]

    uses = np.bincount(circuit.literals >> 1, minlength=circuit.wires)[circuit.first_gate :].tolist()
    literals, offsets = circuit.literals.tolist(), circuit.offsets.tolist()
    for gate, conjunction in enumerate((circuit.kinds == Gate.AND).tolist()):
        operands = [read(literal) for literal in literals[offsets[gate] : offsets[gate + 1]]]
        known = [operand for operand in operands if operand is not None]
        if len(known) < len(operands):
            return None
        made = product_of(known) if conjunction else factor_of(make.node(known))
        if conjunction and uses[gate] > 1 and len(made) > 1:
            made = factor_of(make.node((made,)))
        products[2 * (circuit.first_gate + gate)] = made  # an AND that is read once is a case of its reader
    ends = [read(literal) for literal in circuit.outputs.tolist()]
    known = [end for end in ends if end is not None]
    return make.build(known) if len(known) == len(ends) else None
