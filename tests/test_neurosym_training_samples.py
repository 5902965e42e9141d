"""Training on data sets and loaders of samples: in any order of batches, resumed, with parts that stay as they are."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from logic import Domain
from neurosym import DIGITS, ImpossibleAnswer, Labelled, Model, Neural, Program, Sample, SampleError, collate, fit
from neurosym.training.errors import Interrupted, TrainingError
from neurosym.training.mitigation import EvenUse

BIT = Domain("bit", [0, 1])
RULES = """
nn(bit, [X], D, [0, 1]) :: bit(X, D).
nn(sign, [X], S, [minus, plus]) :: sign(X, S).
ones([], 0).
ones([X|Xs], N) :- bit(X, B), ones(Xs, M), N is M + B.
counted(S, Xs, N) :- sign(S, plus), ones(Xs, N).
counted(S, Xs, N) :- sign(S, minus), ones(Xs, M), N is -M.
"""


class Counted(Dataset[Any]):
    """How many of one to three vectors begin with a positive number; negative, if a first vector begins with none."""

    def __init__(self, samples: int = 60, seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.vectors = torch.randn(samples, 4, 6, generator=generator)

    def __len__(self) -> int:
        return len(self.vectors)

    def __getitem__(self, index: int) -> Sample:
        names = [f"x{index}_{place}" for place in range(1 + index % 3)]
        inputs: dict[str, Tensor] = {
            "s": self.vectors[index, 0],
            **dict(zip(names, self.vectors[index, 1:], strict=False)),
        }
        count = int((torch.stack([inputs[name][0] for name in names]) > 0).sum())
        return Sample(inputs, f"counted(s, [{', '.join(names)}], N)", count if inputs["s"][0] > 0 else -count)


def make_model(seed: int = 0) -> Model:
    torch.manual_seed(seed)

    def network(values: int) -> nn.Module:
        return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, values))

    signs = Domain("sign", ["minus", "plus"])
    return Model({"bit": Neural(network(2), BIT), "sign": Neural(network(2), signs)}, Program.parse(RULES, ()))


def loaded(workers: int = 0, generator: torch.Generator | None = None) -> DataLoader[Any]:
    return DataLoader(
        Counted(), batch_size=8, shuffle=True, collate_fn=collate, num_workers=workers, generator=generator
    )


SOURCES: dict[str, Callable[[], Any]] = {
    "data set": Counted,
    "list": lambda: [Counted()[i] for i in range(60)],
    "loader": loaded,
    "loader with workers": lambda: loaded(2),
    "loader with a generator": lambda: loaded(0, torch.Generator().manual_seed(5)),
}


def same(one: nn.Module, two: nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True))


@pytest.mark.parametrize("source", SOURCES)
def test_samples_are_learned_and_resumed_to_the_last_bit(source: str, tmp_path: Path) -> None:
    made, whole, parts = SOURCES[source], make_model(), make_model()
    state = torch.get_rng_state()
    course = fit(whole, made(), epochs=4, batch=8, learning_rate=3e-2)
    assert course.epochs[-1].loss < 0.75 * course.epochs[0].loss
    assert torch.equal(torch.get_rng_state(), state)  # nothing is drawn but from the training's own generator

    def stop(done: int, _: int) -> None:
        if done == 19:  # in the third epoch
            raise KeyboardInterrupt

    settings: dict[str, Any] = {"epochs": 4, "batch": 8, "learning_rate": 3e-2, "checkpoint": tmp_path / "state"}
    with pytest.raises(Interrupted):
        fit(parts, made(), progress=stop, **settings)
    again = fit(make_model(1), made(), **settings)  # what it begins with does not count
    resumed = make_model(2)
    fit(resumed, made(), **settings)
    assert [epoch.loss for epoch in again.epochs] == [epoch.loss for epoch in course.epochs]
    assert same(resumed, whole)


def test_what_was_learned_holds_for_others() -> None:
    model = make_model()
    fit(model, Counted(), epochs=12, batch=8, learning_rate=3e-2, held_out=Counted(30, seed=1))
    model.eval()
    with torch.no_grad():
        found = model.log_probability(collate([Counted(60, seed=2)[i] for i in range(60)]))
    assert float((found > -0.7).float().mean()) > 0.8


def test_frozen_networks_keep_weights_and_statistics() -> None:
    model = make_model()
    before = {name: deepcopy(net.state_dict()) for name, net in model.networks.items()}
    seen: list[bool] = []

    def look(done: int, _: int) -> None:
        del done
        seen.append(all(weight.grad is None for weight in model.networks["bit"].parameters()))

    fit(model, Counted(), epochs=2, batch=8, frozen=("bit",), average=0.5, progress=look)
    assert seen
    assert all(seen)
    for name, tensor in model.networks["bit"].state_dict().items():
        assert torch.equal(tensor, before["bit"][name]), name
    assert not torch.equal(model.networks["sign"].state_dict()["module.0.weight"], before["sign"]["module.0.weight"])
    assert all(weight.requires_grad for weight in model.parameters())
    assert "train" not in vars(model.networks["bit"])


def test_frozen_networks_are_named_and_something_is_learned() -> None:
    with pytest.raises(
        TrainingError, match="no network 'bits' to be frozen; the model has bit, sign; did you mean bit"
    ):
        fit(make_model(), Counted(), epochs=1, frozen=("bits",))
    with pytest.raises(TrainingError, match="nothing is left to be learned"):
        fit(make_model(), Counted(), epochs=1, frozen=("bit", "sign"))
    with pytest.raises(TrainingError, match="frozen are the names"):
        fit(make_model(), Counted(), epochs=1, frozen="bit")  # pyright: ignore[reportArgumentType]


def test_an_impossible_answer_is_refused_by_its_number_or_costs() -> None:
    samples = [Counted()[i] for i in range(20)]
    samples[13] = Sample(samples[13].inputs, samples[13].query, 99)
    with pytest.raises(
        ImpossibleAnswer, match=r"^sample 13: 'counted\(s, \[x13_0, x13_1\], N\)' never .* 99; it has -2"
    ):
        fit(make_model(), samples, epochs=1)
    one, two = make_model(), make_model()
    least = fit(one, samples, epochs=1, batch=20, impossible=5.0).epochs[0].loss
    most = fit(two, samples, epochs=1, batch=20, impossible=9.0).epochs[0].loss
    assert most - least == pytest.approx(4 / 20)
    assert same(one, two)  # it changes no weight
    with pytest.raises(TrainingError, match="what an impossible answer costs"):
        fit(make_model(), samples, epochs=1, impossible=-1.0)


def test_pictures_with_impossible_answers_are_refused_before_training() -> None:
    rule = Program.parse("sum(S) :- bit(0, X), bit(1, Y), S is X + Y.", (BIT,))
    model = Model(Neural(nn.Linear(6, 2), BIT), rule, "sum(S)")
    pictures = torch.randn(9, 2, 6, generator=torch.Generator().manual_seed(0))
    answers = [0, 1, 2, 0, 7, 1, 2, 0, 1]
    with pytest.raises(ImpossibleAnswer, match=r"^sample 4: 'sum\(S\)' never has the answer 7; it has 0, 1, 2"):
        fit(model, pictures, answers, epochs=1)
    fit(model, pictures, answers, epochs=1, impossible=3.0)


def test_inputs_by_name_are_trained_on() -> None:
    program = Program.parse("nn(bit, [X], D, [0, 1]) :: bit(X, D). both(X, Y, S) :- bit(X, A), bit(Y, B), S is A + B.")
    model = Model(Neural(nn.Linear(6, 2), BIT), program, "both(left, right, S)")
    vectors = torch.randn(40, 2, 6, generator=torch.Generator().manual_seed(0))
    answers = (vectors[:, :, 0] > 0).sum(1)
    course = fit(model, {"left": vectors[:, 0], "right": vectors[:, 1]}, answers, epochs=15, learning_rate=0.1)
    assert course.epochs[-1].loss < 0.5 * course.epochs[0].loss


class Batches:
    """No data set, no loader."""


@pytest.mark.parametrize(
    ("samples", "why"),
    [
        (Batches(), "a Batches without answers cannot be trained on"),
        (torch.zeros(3, 2, 6), "a Tensor without answers"),
        ([], "there are no samples"),
    ],
)
def test_what_gives_no_samples_is_refused(samples: Any, why: str) -> None:
    with pytest.raises(TrainingError, match=why):
        fit(make_model(), samples, epochs=1)


def test_a_loader_must_give_batches_of_samples() -> None:
    with pytest.raises(SampleError, match=r"give it collate_fn=neurosym\.collate"):
        fit(make_model(), DataLoader(["a", "b"], batch_size=1), epochs=1)  # pyright: ignore[reportArgumentType]
    with pytest.raises(SampleError, match="inputs by name are not changed"):
        fit(make_model(), Counted(), epochs=1, augment=lambda pictures, _: pictures)


def test_labels_come_from_loaders_too() -> None:
    torch.manual_seed(0)
    network = Neural(nn.Linear(6, 10), DIGITS)
    vectors = torch.randn(40, 6, generator=torch.Generator().manual_seed(0))
    pairs = torch.utils.data.TensorDataset(vectors, (vectors[:, 0] > 0).long())
    course = fit(Labelled(network), DataLoader(pairs, batch_size=8), epochs=5, learning_rate=0.1)
    assert course.epochs[-1].loss < 0.5 * course.epochs[0].loss
    rule = Program.parse("p(X) :- bit(0, X).", (BIT,))
    asked = EvenUse(Model(Neural(nn.Linear(6, 2), BIT), rule, "p(X)"))
    with pytest.raises(TrainingError, match="a EvenUse is trained on pictures and answers"):
        fit(asked, Counted(), epochs=1)
