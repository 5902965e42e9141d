"""Rules with negation, unrolled to circuits and written as sums: what holds in each world, against its perfect model."""

from collections.abc import Sequence
from itertools import product
from random import Random

import networkx as nx
import numpy as np
import pytest

from logic.evaluation import evaluate_bits
from reasoner import Program, QueryError
from reasoner.errors import PrologLimit
from reasoner.grounding.ground_sums import ground_sums
from reasoner.grounding.rules import Negation, Row, SlotValue, denied_by, in_order, relevant
from reasoner.grounding.sums import Sums
from reasoner.grounding.unrolling import EVIDENCE, build_circuit

ATOMS, STRATA = 6, 3
SLOTS = (range(3), range(3, 5))  # positions of the values of two slots
NEGATIONS, VALUES = ATOMS, 5
DENIED = {index - NEGATIONS - VALUES: index for index in range(ATOMS)}
POSITIONS = {position - VALUES: position for position in range(VALUES)}
NAMES = tuple(tuple(f"d({slot})={value}" for value in range(len(group))) for slot, group in enumerate(SLOTS))
PROGRAM = Program.parse("p.")
WORLDS = [np.isin(np.arange(VALUES), chosen) for chosen in product(*SLOTS)]


def stratum(atom: int) -> int:
    """Atoms in pairs may support each other; negation reaches lower pairs only."""
    return atom * STRATA // ATOMS


def random_rows(rng: Random, *, circles: bool = True) -> list[Row]:
    rows = dict[tuple[int, tuple[int, ...]], Row]()
    for number in range(rng.randint(1, 16)):
        head = rng.randrange(ATOMS)
        positive = [a for a in range(ATOMS) if (stratum(a) <= stratum(head) if circles else a < head)]
        negative = [leaf for leaf, atom in DENIED.items() if stratum(atom) < stratum(head)]
        pool = [*positive, *negative, *POSITIONS, *POSITIONS]
        body = tuple(sorted(set(rng.choices(pool, k=rng.randint(0, 3)))))
        rows[head, body] = Row(number, head, body)
    return list(rows.values())


def model(rows: Sequence[Row], world: np.ndarray) -> set[int]:
    """The perfect model of one world: the least fixpoint, stratum by stratum."""
    true = set[int]()

    def holds(item: int) -> bool:
        if item >= 0:
            return item in true
        return bool(world[POSITIONS[item]]) if item in POSITIONS else DENIED[item] not in true

    for level in range(STRATA):
        own = [row for row in rows if stratum(row.head) == level]
        while new := {row.head for row in own if all(map(holds, row.body))} - true:
            true |= new
    return true


@pytest.mark.parametrize("seed", range(60))
def test_circuit_of_rows_in_order_is_the_perfect_model_of_each_world(seed: int) -> None:
    rng = Random(seed)
    rows = random_rows(rng)
    ordered = in_order(rows, DENIED, {atom: f"p{atom}" for atom in range(ATOMS)}, PROGRAM)
    outputs = {f"p{atom}": atom for atom in range(ATOMS) if any(row.head == atom for row in rows)}
    circuit = build_circuit(ordered.circles, POSITIONS, DENIED, NAMES, outputs, (), 10_000)
    models = [model(rows, world) for world in WORLDS]
    expected = [[atom in found for atom in outputs.values()] for found in models]
    np.testing.assert_array_equal(evaluate_bits(circuit, np.array(WORLDS)), expected)
    assert set[int]().union(*models) <= ordered.possible
    assert {row for circle in ordered.circles for row in circle} <= set(rows)


@pytest.mark.parametrize("seed", range(20))
def test_groups_rest_on_groups_before_them(seed: int) -> None:
    rows = random_rows(Random(seed))
    settled = set[int]()
    for circle in in_order(rows, DENIED, {atom: f"p{atom}" for atom in range(ATOMS)}, PROGRAM).circles:
        settled |= {row.head for row in circle}
        read = {item for row in circle for item in row.body if item >= 0}
        assert read <= settled


@pytest.mark.parametrize("seed", range(20))
def test_relevant_rows_decide_the_roots(seed: int) -> None:
    rng = Random(seed)
    rows, root = random_rows(rng), rng.randrange(ATOMS)
    kept = relevant(rows, DENIED, [root])
    graph = nx.DiGraph([(row.head, DENIED.get(item, item)) for row in rows for item in row.body])
    graph.add_node(root)
    assert {row.head for row in kept} == {row.head for row in rows} & ({root} | nx.descendants(graph, root))
    assert all((root in model(kept, world)) == (root in model(rows, world)) for world in WORLDS)


def test_an_atom_on_its_own_negation_is_refused_by_name() -> None:
    rows = [Row(0, 0, (-1,)), Row(0, 1, (-2, -6))]  # p0 if not p0
    with pytest.raises(QueryError, match="not stratified: 'zero'"):
        in_order(rows, {-1: 0}, {0: "zero", 1: "one"}, PROGRAM)


def test_what_is_certain_or_impossible_is_seen_through_negation() -> None:
    rows = [Row(0, 0, ()), Row(1, 0, (-3,)), Row(2, 1, (-2,)), Row(3, 2, (-1,))]  # p0; p1 if not p0; p2 if not p1
    circles, possible = in_order(rows, {-2: 0, -1: 1}, {}, PROGRAM)
    assert possible == {0, 2}
    assert circles == [[rows[0]], [rows[3]]]


def test_denied_by_numbers_leaves_from_the_end() -> None:
    leaves = (SlotValue("d", 0, 1), Negation((4,)), Negation((SlotValue("d", 0, 2),)), Negation((7,)))
    assert denied_by(leaves) == {-3: 4, -1: 7}
    assert leaves[0].name == "d(0)=1" == NAMES[0][1]


@pytest.mark.parametrize("seed", range(30))
def test_evidence_is_implied_by_every_output(seed: int) -> None:
    rng = Random(seed)
    rows = random_rows(rng)
    ordered = in_order(rows, DENIED, {atom: f"p{atom}" for atom in range(ATOMS)}, PROGRAM)
    evidence = [(rng.randrange(ATOMS), rng.random() < 0.5)]
    circuit = build_circuit(ordered.circles, POSITIONS, DENIED, NAMES, {"p0": 0}, evidence, 10_000)
    assert circuit.output_names == ("p0", EVIDENCE)
    models = [model(rows, world) for world in WORLDS]
    observed = [(evidence[0][0] in found) == evidence[0][1] for found in models]
    expected = [[0 in found and seen, seen] for found, seen in zip(models, observed, strict=True)]
    np.testing.assert_array_equal(evaluate_bits(circuit, np.array(WORLDS)), expected)


def test_a_budget_of_gates_is_kept() -> None:
    size = 12  # everybody supports everybody
    rows = [Row(0, a, (b,)) for a in range(size) for b in range(size) if a != b] + [Row(0, 0, (-1,))]
    with pytest.raises(PrologLimit, match=r"more than 50 gates; 12 atoms .* Limits.gates"):
        build_circuit([rows], {-1: 0}, {}, [["x", "y"]], {"p": 5}, (), 50)


def truth(sums: Sums, world: np.ndarray) -> list[bool]:
    values = [False, True, *world.tolist()]
    for cases in sums.nodes:
        values.append(any(all(values[item] for item in case) for case in cases))
    return [values[output] for output in sums.outputs]


@pytest.mark.parametrize("circles", [False, True])
@pytest.mark.parametrize("seed", range(60))
def test_sums_say_the_same_or_nothing(seed: int, circles: bool) -> None:
    rows = random_rows(Random(seed), circles=circles)
    ordered = in_order(rows, DENIED, {atom: f"p{atom}" for atom in range(ATOMS)}, PROGRAM)
    sums = ground_sums(ordered.circles, POSITIONS, DENIED, SLOTS, range(ATOMS), ())
    if sums is None:
        assert circles or any(item in DENIED for row in rows for item in row.body)
        return
    for world in WORLDS:
        found = model(rows, world)
        assert truth(sums, world) == [atom in found for atom in range(ATOMS)]


def test_sums_refuse_atoms_that_support_each_other() -> None:
    rows = [Row(0, 0, (1,)), Row(0, 0, (-5,)), Row(0, 1, (0,)), Row(0, 1, (-4,))]
    assert ground_sums([rows], POSITIONS, {}, SLOTS, [0], ()) is None
