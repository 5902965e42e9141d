"""Certificates of a proof by SAT: the formula and its refutation as files, and a checker that trusts no solver.

The network is lifted (every neuron written as an and-inverter graph from its weights and threshold alone), the
specification is written beside it, and the formula says that some output differs. A solver refutes it and notes every
clause that it learned (DRAT; here all steps are RUP: negating a clause, unit propagation finds a conflict).

References:
    Goldberg and Novikov, "Verification of proofs of unsatisfiability for CNF formulas", DATE 2003 (RUP).
    Wetzler, Heule and Hunt, "DRAT-trim: efficient checking and trimming using expressive clausal proofs", SAT 2014.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pysat.solvers import Glucose4

from ..circuit import Circuit
from ..errors import NetworkError
from ..kernels import work_time
from ..network import SpikingNetwork
from ..verdict import Verdict
from ..writing import whole_files
from .equivalence import Posed, pose

Clause = tuple[int, ...]
MOST_NODES = 20_000  # of the formula's graph; larger proofs are swept, not certified


def refutation_formula(posed: Posed) -> list[Clause]:
    """Clauses that are satisfiable if and only if some pair differs; variable ``n + 1`` is node ``n`` of the graph.

    References:
        Tseitin, "On the complexity of derivation in propositional calculus", 1968.
    """
    graph = posed.graph

    def literal(code: int) -> int:
        return -((code >> 1) + 1) if code & 1 else (code >> 1) + 1

    clauses: list[Clause] = [(-1,)]  # node 0 is false
    first, second = graph.nodes.first[: len(graph)].tolist(), graph.nodes.second[: len(graph)].tolist()
    for node in range(1, len(graph)):
        if first[node] >= 0:
            a, b, c = literal(first[node]), literal(second[node]), node + 1
            clauses += [(-c, a), (-c, b), (c, -a, -b)]
    differs: list[int] = []
    for one, other in posed.pairs.tolist():
        a, b, d = literal(one), literal(other), len(graph) + 1 + len(differs)
        clauses += [(-d, a, b), (-d, -a, -b)]
        differs.append(d)
    return [*clauses, tuple(differs)]


def certify(network: SpikingNetwork, circuit: Circuit, path: Path) -> Verdict:
    """Proves a small network by one SAT question and writes ``path`` (DIMACS) and beside it the proof (``.drat``).

    Args:
        network: Memoryless and feed-forward, one wave a step.
        circuit: The specification, combinational.
        path: Ends in ``.cnf``.

    Returns:
        True if the formula is refuted, else False; nothing is written then. For a counterexample use ``verify``.

    Raises:
        NetworkError: if the network is too large to be certified in one piece, or does not lift.
        FileError: if a file cannot be written.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from logic import CircuitBuilder, compile_circuit
        >>> make = CircuitBuilder()
        >>> a, b = make.inputs("a", "b")
        >>> circuit = make.build(y=a ^ b)
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder) / "xor.cnf"
        ...     certify(compile_circuit(circuit), circuit, path).holds, check_certificate(path)
        (True, True)
    """
    start, path = work_time(), Path(path)
    if path.suffix != ".cnf":
        raise NetworkError(f"{path}: a certificate's formula is a .cnf file")
    posed = pose(network, circuit)
    if len(posed.graph) > MOST_NODES:
        raise NetworkError(
            f"{len(posed.graph)} nodes are too many for one certificate, at most {MOST_NODES}; use verify"
        )
    clauses = refutation_formula(posed)
    claim = f"{network.neurons} neurons compute {len(circuit.outputs)} outputs of {len(circuit.inputs)} inputs"
    with Glucose4(bootstrap_with=[list(clause) for clause in clauses], with_proof=True) as solver:
        if solver.solve():
            return Verdict(False, claim, seconds=work_time() - start, detail="the formula has a model")
        steps: list[str] = list(solver.get_proof() or [])
    variables = len(posed.graph) + len(posed.pairs)
    with whole_files(path.with_suffix(".drat"), path) as (proof, formula):
        rows = (" ".join(map(str, (*clause, 0))) for clause in clauses)
        formula.write_text("\n".join([f"p cnf {variables} {len(clauses)}", *rows, ""]), encoding="ascii")
        proof.write_text("\n".join([*steps, "0", ""]), encoding="ascii")
    return Verdict(True, claim, seconds=work_time() - start, detail=f"certified by {len(steps)} steps")


def check_certificate(path: Path) -> bool:
    """Whether the proof beside a formula refutes it, by unit propagation alone; deletions are ignored, which is sound.

    Raises:
        NetworkError: if a file is missing or is not in its format.
    """
    path = Path(path)
    try:
        head, *rows = path.read_text(encoding="ascii").splitlines()
        clauses = [_read(row) for row in rows]
        steps = [row for row in path.with_suffix(".drat").read_text(encoding="ascii").splitlines() if row[:1] != "d"]
        if head.split()[:2] != ["p", "cnf"] or int(head.split()[3]) != len(clauses):
            raise ValueError(f"head {head!r}")
        return refutes(clauses, [_read(step) for step in steps])
    except (OSError, ValueError, IndexError) as error:
        raise NetworkError(f"{path}: no certificate can be read here ({error})") from error


def _read(row: str) -> Clause:
    *literals, end = map(int, row.split())
    if end != 0:
        raise ValueError(f"clause {row!r} does not end in 0")
    return tuple(literals)


def refutes(clauses: Iterable[Clause], steps: Iterable[Clause]) -> bool:
    """Whether each step follows by unit propagation from the clauses and the steps before, up to an empty one."""
    checker = _Propagator()
    for clause in clauses:
        checker.add(clause)
    for step in steps:
        if not checker.implies(step):
            return False
        if not step:
            return True
        checker.add(step)
    return False


class _Propagator:
    """Clauses with two watched literals each."""

    def __init__(self) -> None:
        self._clauses: list[list[int]] = []
        self._watched: dict[int, list[int]] = {}
        self._units: list[int] = []
        self._empty = False

    def add(self, clause: Sequence[int]) -> None:
        literals = list(dict.fromkeys(clause))
        if len(literals) < 2:
            self._units += literals
            self._empty |= not literals
            return
        for literal in literals[:2]:
            self._watched.setdefault(literal, []).append(len(self._clauses))
        self._clauses.append(literals)

    def implies(self, clause: Sequence[int]) -> bool:
        """Whether assuming the clause false leads to a conflict."""
        true: set[int] = set()
        queue = [*self._units, *(-literal for literal in clause)]
        if self._empty:
            return True
        while queue:
            literal = queue.pop()
            if -literal in true:
                return True
            if literal in true:
                continue
            true.add(literal)
            kept: list[int] = []
            watchers = self._watched.get(-literal, [])
            for place, number in enumerate(watchers):
                clause_ = self._clauses[number]
                if clause_[0] == -literal:
                    clause_[0], clause_[1] = clause_[1], clause_[0]
                other = next((k for k in range(2, len(clause_)) if -clause_[k] not in true), None)
                if clause_[0] not in true and other is not None:
                    clause_[1], clause_[other] = clause_[other], clause_[1]
                    self._watched.setdefault(clause_[1], []).append(number)
                    continue
                kept.append(number)
                if clause_[0] in true:
                    continue
                if -clause_[0] in true:
                    self._watched[-literal] = kept + watchers[place + 1 :]
                    return True
                queue.append(clause_[0])
            self._watched[-literal] = kept
        return False
