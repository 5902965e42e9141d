"""The decision matrix: its statistics, and the proof that no function of the mean over time tells which came first."""

import pytest
import torch

from perception.datasets.mnist import Digits
from tasks.conversion.decision_matrix import main as main
from tasks.conversion.families import AnalogNet, Settings, SpikingNet
from tasks.conversion.matrix_cells import interval, mcnemar, to_criteria, verdict
from tasks.conversion.matrix_jobs import all_jobs
from tasks.conversion.order_of_two import closed_test_set


def random_digits() -> Digits:
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (40, 1, 28, 28), generator=generator, dtype=torch.uint8)
    return Digits(pictures, torch.arange(40) % 10)


def test_exchanged_pairs_have_the_same_mean_bit_for_bit_and_opposite_labels() -> None:
    recordings, labels = closed_test_set(random_digits(), 50, torch.Generator().manual_seed(1))
    there, back = recordings.split(50)
    assert torch.equal(there.mean(1), back.mean(1))
    assert torch.equal(labels[:50], 1 - labels[50:])
    assert not torch.equal(there, back)


@pytest.mark.parametrize("seed", range(3))
def test_any_function_of_the_mean_is_right_for_exactly_half(seed: int) -> None:
    recordings, labels = closed_test_set(random_digits(), 50, torch.Generator().manual_seed(1))
    torch.manual_seed(seed)
    network = AnalogNet(classes=2).eval()
    with torch.no_grad():
        assert int((network(recordings).argmax(1) == labels).sum()) == 50


def test_leaky_neurons_do_tell_the_orders_apart() -> None:
    recordings, _ = closed_test_set(random_digits(), 50, torch.Generator().manual_seed(1))
    torch.manual_seed(0)
    network = SpikingNet(Settings(beta=0.9, threshold=0.3), classes=2).eval()
    with torch.no_grad():
        there, back = network(recordings).split(50)
    assert not torch.allclose(there, back)


def test_statistics() -> None:
    mean, low, high = interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert mean == 3.0
    assert high - mean == pytest.approx(mean - low) == pytest.approx(2.776 * 2.5**0.5 / 5**0.5)
    assert verdict(0.1, 0.2, "higher") == verdict(-0.2, -0.1, "lower") == "better"
    assert verdict(-0.1, 0.2, "higher") == "no difference seen"
    assert mcnemar([({1, 2}, {3, 4})]) == 1.0
    assert mcnemar([(set(range(20)), set())]) < 0.001  # |20 - 0| - 1 = 19 > 1.96 sqrt(20)


def test_cells_are_paired_by_seed() -> None:
    def run(family: str, column: str, seed: int, accuracy: float) -> dict[str, object]:
        figures = {
            "accuracy": {"1": accuracy}, "milliseconds": {"1": 1.0}, "compared": 1, "seconds_to_convert": 0.1,
            "wrong": [seed], "flips": 0.0,
            "costs": {"events": 1.0, "unit_spikes": 1.0, "bits": 1.0, "synaptic_operations": 1.0, "energy": 1e-6},
        }  # fmt: skip
        return {
            "task": "still", "family": family, "budget": 9.0, "seed": seed, "change": None, "reached": None,
            "peak_mib": 1.0, "columns": {column: figures}, "variants": {},
        }  # fmt: skip

    found = [run("surrogate", "surrogate", seed, 0.9 + 0.01 * seed) for seed in range(3)]
    found += [run("conversion", "relu+group", seed, 0.92 + 0.01 * seed + 0.001 * (seed == 1)) for seed in range(3)]
    cell = to_criteria(found, (3.0, 9.0))["accuracy_long"]["cells"]["relu+group"]
    assert cell["mean"] == pytest.approx(93 + 1 / 30)
    assert cell["against"]["verdict"] == "better"  # seeds differ by more than families, pairs do not
    assert to_criteria(found, (3.0, 9.0))["training"]["cells"]["surrogate"] == {"of": 3, "seeds": 0}


def test_every_seed_runs_every_family() -> None:
    jobs = list(all_jobs((1.0, 2.0), 1.0, 5))
    assert len({job.name for job in jobs}) == len(jobs)
    assert sum(job.task == "still" for job in jobs) == 5 * 4 * 2
    assert {job.family for job in jobs if job.task == "order"} == {"surrogate", "conversion", "stdp"}
