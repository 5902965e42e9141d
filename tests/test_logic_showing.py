"""What users see of circuits, networks and verdicts fits a screen; all travel to another process; graphs are true."""

import pickle
from multiprocessing import get_context

import networkx as nx
import numpy as np
import pytest

from logic import Circuit, CircuitBuilder, Gate, SpikingNetwork, Verdict, compile_circuit, verify
from logic.evaluation import truth_tables
from logic.library import ripple_add
from logic.simulation.reference import simulate_reference


def adder(bits: int) -> Circuit:
    make = CircuitBuilder()
    a, b = (make.inputs(*(f"{word}{bit}" for bit in range(bits))) for word in "ab")
    return make.build_from({f"s{place}": bit for place, bit in enumerate(ripple_add(a, b))})


def wrong_adder(bits: int) -> Circuit:
    circuit = adder(bits)
    return Circuit(
        circuit.inputs,
        circuit.kinds,
        circuit.offsets,
        circuit.literals,
        circuit.outputs ^ (np.arange(len(circuit.outputs)) == 0),
        circuit.output_names,
    )


@pytest.mark.parametrize("bits", [1, 64])
def test_texts_fit_a_screen(bits: int) -> None:
    circuit = adder(bits)
    for balance in ("delays", "relays"):
        network = compile_circuit(circuit, balance=balance)
        for shown in (circuit, network, verify(network, circuit), verify(network, wrong_adder(bits))):
            for text in (repr(shown), str(shown)):
                assert len(text) < 2000
                assert len(text.splitlines()) <= 24
    assert f"{2 * bits} inputs, {bits + 1} outputs" in repr(circuit)
    assert "SpikingNetwork: " in repr(network)


def test_notebooks_draw_what_is_small() -> None:
    small, large = adder(2), adder(200)
    for drawn in (small._repr_svg_(), compile_circuit(small)._repr_svg_()):  # pyright: ignore[reportPrivateUsage]
        assert drawn is not None
        assert drawn.startswith("<svg")
    assert large._repr_svg_() is compile_circuit(large)._repr_svg_() is None  # pyright: ignore[reportPrivateUsage]
    verdict = Verdict(False, "a < b", {"x<y": 1}, detail="<script>")
    page = verdict._repr_html_()  # pyright: ignore[reportPrivateUsage]
    assert "REFUTED" in page
    assert "<script>" not in page
    assert "x&lt;y = 1" in page


def again(what: tuple[SpikingNetwork, Circuit]) -> Verdict:
    return verify(*what)


def test_everything_travels_to_a_spawned_process() -> None:
    circuit = adder(2)
    network = compile_circuit(circuit)
    with get_context("spawn").Pool(1) as pool:
        verdict = pool.apply(again, ((network, circuit),))
    assert verdict.holds is True
    for thing in (circuit, network, verdict):
        assert repr(pickle.loads(pickle.dumps(thing))) == repr(thing)
    assert verify(pickle.loads(pickle.dumps(network)), circuit).holds is True


def test_the_graph_of_a_circuit_computes_it() -> None:
    circuit = wrong_adder(2)
    graph = circuit.to_networkx()
    assert nx.is_directed_acyclic_graph(graph)
    tables, count = truth_tables(circuit), len(circuit.inputs)
    for row in range(1 << count):
        value: dict[object, bool] = {0: False, **{1 + i: bool(row >> i & 1) for i in range(count)}}
        for node in nx.topological_sort(graph):
            read = [value[pre] ^ negated for pre, _, negated in graph.in_edges(node, data="negated")]
            kind = graph.nodes[node]["kind"]
            if kind in Gate.__members__:
                total = sum(read)
                value[node] = {
                    "AND": total == len(read), "OR": total > 0, "XOR": total % 2 == 1, "MAJ": 2 * total > len(read)
                }[kind]  # fmt: skip
            elif kind == "output":
                (value[node],) = read
        for output, name in enumerate(circuit.output_names):
            assert value["output", name] == tables[output, row]


def test_the_graph_of_a_network_fires_as_it_does() -> None:
    network = compile_circuit(adder(1))
    graph, spikes = network.to_networkx(), np.array([[True, False, False, True]])
    trains = simulate_reference(network, spikes, network.latency + 1)
    fired: dict[tuple[int, int], bool] = {(0, line): bool(spikes[0, line]) for line in range(4)}
    for step in range(1, network.latency + 1):
        for node in range(4, len(graph)):
            current = sum(
                known["weight"] * fired.get((step - known["delay"], pre), False)
                for pre, _, known in graph.in_edges(node, data=True)
            )
            fired[step, node] = current + graph.nodes[node]["bias"] >= graph.nodes[node]["threshold"]
            assert fired[step, node] == trains[step, node]
    assert [graph.nodes[int(node)]["lines"] for node in network.outputs] == [[name] for name in network.output_names]
