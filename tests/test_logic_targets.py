"""What every target promises: round trips, the same spikes, refusals by name, nothing half-written, one sentence."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import h5py
import numpy as np
import pytest
import torch

from logic import (
    CircuitBuilder,
    NetworkError,
    Population,
    SpikingNetwork,
    Synapses,
    compile_circuit,
    simulate,
    single_lines,
)
from logic.targets import TARGETS, Limits, Target, compare, find_target, names_file, self_test, target_of_file
from logic.targets.nir_reader import read_graph


def adder(target: Target) -> SpikingNetwork:
    make = CircuitBuilder()
    a, b, carry = make.inputs("a", "b", "carry")
    circuit = make.build(sum=a ^ b ^ carry, carry_out=(a & b) | (carry & (a ^ b)))
    return compile_circuit(circuit, "single-rail", target.limits.balance, aligned=True)


def waves(network: SpikingNetwork, count: int = 40) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(count, 2, *network.input_shape, generator=generator) < 0.5


@pytest.fixture(params=TARGETS, ids=lambda target: target.name)
def target(request: pytest.FixtureRequest) -> Target:
    return request.param


class TestTarget:
    """The contract, run by every target."""

    def test_it_is_found_by_its_name(self, target: Target) -> None:
        assert find_target(target.name) is target
        assert target_of_file(f"x{target.suffix}") is not None
        assert target.suffix.startswith(".")
        assert target.about
        assert target.profiles

    def test_what_is_written_is_read_back(self, target: Target, tmp_path: Path) -> None:
        network = adder(target)
        given = waves(network)
        for profile in target.profiles:
            file = tmp_path / f"{profile}{target.suffix}"
            target.write(network, file, profile, given)
            assert re.match(target.mark, file.read_bytes())
            assert not re.match(target.mark, b"The only copy of a thesis.")
            back = target.read(file)
            assert (back.input_lines, back.output_lines) == (network.input_lines, network.output_lines)
            assert np.array_equal(back.latencies, network.latencies)
            last = network.populations[-1].name
            ours, again = (simulate(n, given, 50, record=[last])[last] for n in (network, back))
            assert torch.equal(ours, again)
            target.write(back, tmp_path / f"again{target.suffix}", profile, None)

    def test_spikes_are_the_same_there(self, target: Target, tmp_path: Path) -> None:
        network = adder(target)
        target.write(network, tmp_path / f"x{target.suffix}", target.profiles[0], None)
        if target.run is None:
            with pytest.raises(NetworkError, match=f"{target.name} is a file format and runs nothing"):
                compare(target, tmp_path / f"x{target.suffix}", waves(network))
            return
        found = compare(target, tmp_path / f"x{target.suffix}", waves(network))
        assert found.different == 0
        assert found.spikes > 10
        assert found.shift == target.delay(network)
        assert self_test(target).different == 0

    def test_a_wrong_delay_is_seen(self, target: Target, tmp_path: Path) -> None:
        if target.run is None:
            return
        network = adder(target)
        target.write(network, tmp_path / f"x{target.suffix}", target.profiles[0], None)

        def one_more(network: SpikingNetwork) -> int:
            return target.delay(network) + 1

        late = replace(target, delay=one_more)
        assert compare(late, tmp_path / f"x{target.suffix}", waves(network)).different > 0

    def test_a_network_beyond_its_limits_is_refused_by_name_and_nothing_is_written(
        self, target: Target, tmp_path: Path
    ) -> None:
        for network in beyond(target.limits, adder(target)):
            assert list(target.limits.broken(network))
            with pytest.raises(NetworkError, match=f"^{target.name} cannot carry this network: "):
                target.check(network)
            with pytest.raises(NetworkError):
                target.write(network, tmp_path / f"x{target.suffix}", target.profiles[0], None)
        assert not list(tmp_path.iterdir())

    def test_an_unknown_profile_is_refused(self, target: Target, tmp_path: Path) -> None:
        with pytest.raises(NetworkError, match="unknown profile 'analog'"):
            target.check_profile("analog")
        with pytest.raises(NetworkError, match="unknown profile 'analog'"):
            target.write(adder(target), tmp_path / f"x{target.suffix}", "analog", None)

    def test_every_damaged_byte_ends_in_one_sentence(self, target: Target, tmp_path: Path) -> None:
        file = tmp_path / f"x{target.suffix}"
        target.write(adder(target), file, target.profiles[0], None)
        whole = file.read_bytes()
        random, said = np.random.default_rng(0), list[str]()
        for number in range(60):
            damaged = bytearray(whole)
            if number % 3 == 0:
                damaged = damaged[: random.integers(len(whole))]
            else:
                for place in random.integers(0, len(whole), 1 + number % 8):
                    damaged[place] = random.integers(256)
            file.write_bytes(damaged)
            try:
                target.read(file)
            except NetworkError as error:
                said.append(str(error))  # some bytes do not matter
        assert len(said) > 20
        assert all(file.name in sentence and "\n" not in sentence for sentence in said)

    def test_a_missing_file_is_named(self, target: Target, tmp_path: Path) -> None:
        with pytest.raises(NetworkError, match=r"missing.*cannot be read"):
            target.read(tmp_path / f"missing{target.suffix}")


def beyond(limits: Limits, network: SpikingNetwork) -> list[SpikingNetwork]:
    """Networks that break one limit each."""
    found: list[SpikingNetwork] = []
    populations, projections = network.populations, network.projections
    first = projections[0]
    assert isinstance(first, Synapses)
    if limits.longest_delay is not None:
        late = Synapses(first.source, first.target, first.pre, first.post, first.weight, limits.longest_delay + 1)
        kept = tuple(Population(p.name, p.shape, max(p.threshold), retain=True) for p in populations)
        found.append(replace(network, populations=kept, projections=(late, *projections[1:])))
    if limits.layered:
        skip = Synapses(populations[0].name, populations[-1].name, [0], [0], [1])
        kept = tuple(Population(p.name, p.shape, max(p.threshold), retain=True) for p in populations)
        found.append(replace(network, populations=kept, projections=(*projections, skip)))
    if limits.one_threshold:
        thresholds = np.arange(populations[0].size) + 1
        changed = Population(populations[0].name, populations[0].shape, thresholds, retain=True)
        found.append(replace(network, populations=(changed, *populations[1:])))
    return found


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(neurons=1), "neurons, above 1"),
        (Limits(synapses=1), "synapses, above 1"),
        (Limits(weights=(0, 0)), "weights go from"),
        (Limits(least_threshold=100), "has the threshold"),
        (Limits(retains=False), "retains its membrane"),
        (Limits(aligned=True), "come at different steps"),
    ],
)
def test_each_limit_is_told_by_a_sentence(limits: Limits, said: str) -> None:
    population = Population("keep", (3,), [1, 2, 3], retain=True)
    weights = Synapses.dense("input", "keep", np.arange(6).reshape(3, 2))
    network = SpikingNetwork((2,), (population,), (weights,), np.array([2, 3]), single_lines("ab"), np.array([1, 2]))
    assert not list(Limits().broken(network))
    assert [sentence for sentence in limits.broken(network) if said in sentence]


def test_an_unknown_target_gets_a_hint() -> None:
    with pytest.raises(NetworkError, match="unknown target 'snntroch'; did you mean 'snntorch'"):
        find_target("snntroch")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("populations", 0, "name"), None),
        (("populations", 0, "shape"), [10**10]),
        (("populations", 0, "shape"), [[]]),
        (("populations", 0, "threshold"), 5),
        (("populations", 0, "threshold", 0), 2**70),
        (("populations", 0, "threshold", 0), 1.5),
        (("populations", 0, "threshold", 0), 77),  # fits no longer
        (("populations", 0, "retain"), "no"),
        (("populations",), []),
        (("input_shape",), [2**40]),
        (("input_shape",), "3"),
        (("outputs", 0), 2**63),
        (("outputs", 0), -1),
        (("latencies", 0), 10**18),
        (("output_lines", 0), "sum"),
        (("output_lines", 0), ["sum", 2]),
        (("profile",), "analog"),
        (("profile",), "cuba"),  # the graph is of the other one
        (("golden", "steps"), 2**64),
        (("golden", "samples"), -1),
        (("golden", "input", 0), [3, [], 0]),
        (("golden", "answers", 0), [2147483648, 0, 1]),
        (("format",), "other"),
    ],
)
def test_what_the_file_beside_nir_may_not_say(place: tuple[Any, ...], value: Any, tmp_path: Path) -> None:
    nir = find_target("nir")
    file = tmp_path / "x.nir"
    nir.write(adder(nir), file, "lif", waves(adder(nir)))
    notes = json.loads(names_file(file).read_text())
    inner = notes
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    names_file(file).write_text(json.dumps(notes))
    with pytest.raises(NetworkError, match=r"x\.(json|nir)"):
        nir.read(file)


@pytest.mark.parametrize("text", ["", "[]", "[" * 100_000, "{", "5", "\x00"])
def test_what_is_no_json_of_ours(text: str, tmp_path: Path) -> None:
    nir = find_target("nir")
    nir.write(adder(nir), tmp_path / "x.nir", "lif", None)
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(NetworkError, match=r"x\.json"):
        nir.read(tmp_path / "x.nir")


def without_digest(file: Path) -> None:
    """The notes as files of before have them, or as someone writes who means harm."""
    notes = json.loads(names_file(file).read_text())
    del notes["sha256"]
    names_file(file).write_text(json.dumps(notes))


def test_a_file_of_before_without_a_digest_is_read(tmp_path: Path) -> None:
    nir, file = find_target("nir"), tmp_path / "x.nir"
    nir.write(adder(nir), file, "lif", None)
    without_digest(file)
    assert nir.read(file).neurons == adder(nir).neurons


def test_a_file_that_states_gigabytes_is_refused_from_its_headers(tmp_path: Path) -> None:
    nir, file = find_target("nir"), tmp_path / "x.nir"
    nir.write(adder(nir), file, "lif", None)
    without_digest(file)
    with h5py.File(file, "a") as opened:
        opened["node/nodes/bomb/weight"] = 1
        del opened["node/nodes/bomb/weight"]
        opened.create_dataset("node/nodes/bomb/weight", (2**20, 2**20), dtype="f8", chunks=(1, 1024))
    assert file.stat().st_size < 1_000_000
    with pytest.raises(NetworkError, match=r"x\.nir: states arrays of more than"):
        nir.read(file)


def test_a_link_out_of_the_file_is_refused(tmp_path: Path) -> None:
    nir, file = find_target("nir"), tmp_path / "x.nir"
    nir.write(adder(nir), file, "lif", None)
    with h5py.File(file, "a") as opened:
        opened["node/nodes/other"] = h5py.ExternalLink("/etc/passwd", "/")
    with pytest.raises(NetworkError, match="'other' is a link to elsewhere"):
        read_graph(file)


def test_weights_that_the_notes_do_not_fit_are_refused(tmp_path: Path) -> None:
    nir, file = find_target("nir"), tmp_path / "x.nir"
    nir.write(adder(nir), file, "lif", None)
    without_digest(file)
    with cast(Any, h5py.File(file, "a")) as opened:
        first = next(name for name in opened["node/nodes"] if "v_threshold" in opened[f"node/nodes/{name}"])
        opened[f"node/nodes/{first}/v_threshold"][0] += 1
    with pytest.raises(NetworkError, match=f"node '{first}' does not fit x.json"):
        nir.read(file)


def test_a_loop_over_maps_is_written_again_in_another_profile(tmp_path: Path) -> None:
    """The racers of a joined network hear themselves; so small a loop was read back as a convolution."""
    racers = Population("racers", (2, 1, 1), 3, retain=True)
    hear = Synapses.dense("input", "racers", [[1, 0, 2, 0], [0, 1, 0, 2]])
    loop = Synapses.dense("racers", "racers", [[0, -5], [-5, 0]])
    network = SpikingNetwork((1, 2, 2), (racers,), (hear, loop), np.array([4, 5]), single_lines("ab"), np.array([1, 1]))
    nir = find_target("nir")
    nir.write(network, tmp_path / "x.nir", "lif", None)
    nir.write(nir.read(tmp_path / "x.nir"), tmp_path / "y.nir", "cuba", None)
    given = waves(network)
    ours, back = (simulate(n, given, 50, record=["racers"])["racers"] for n in (network, nir.read(tmp_path / "y.nir")))
    assert torch.equal(ours, back)
    assert ours.any()
