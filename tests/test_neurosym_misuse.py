"""What a newcomer types: each line works, or ends in one sentence of ours that says what to type instead."""

# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportUnknownLambdaType=false
# What a checker of types would have told him is the matter here.

import copy
import io
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import neurosym as ns
from logic.formats import parse_circuit


@dataclass
class Desk:
    """What he has at hand: the README's model, eight pairs of pictures and their sums, and a folder, as text."""

    folder: str

    @cached_property
    def net(self) -> ns.SpikingClassifier:
        return ns.SpikingClassifier(ns.DIGITS, 0)

    @cached_property
    def rule(self) -> ns.Program:
        return ns.Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")

    @cached_property
    def model(self) -> ns.Model:
        return ns.Model(self.net, self.rule, "sum(S)")

    pictures = torch.rand(8, 2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    sums: Sequence[int] = (3, 8, 9, 10, 1, 17, 5, 9)

    @cached_property
    def adder(self) -> ns.Circuit:
        make = ns.CircuitBuilder()
        a, b = make.inputs("a", "b")
        return make.build(sum=a ^ b, carry=a & b)

    @cached_property
    def flip_flop(self) -> ns.Circuit:
        return parse_circuit("aag 2 1 1 1 0\n2\n4 2\n4\ni0 d\no0 q\n", "aag")

    def file(self, name: str) -> str:
        return f"{self.folder}/{name}"

    def saved(self) -> str:
        ns.save_model(self.model, self.file("m.safetensors"))
        return self.file("m.safetensors")


def _proved(verdict: ns.Verdict) -> None:
    assert verdict.holds, str(verdict)


REFUSED: dict[str, tuple[Callable[[Desk], Any], str]] = {
    "fit a network": (lambda d: ns.fit(d.net, d.pictures, d.sums, epochs=1), r"give a Model\(.*or a Labelled\("),
    "fit with a slip": (lambda d: ns.fit(d.model, d.pictures, d.sums, epoch=1), "did you mean epochs"),
    "fit a text": (lambda d: ns.fit(d.model, d.pictures, d.sums, epochs="1"), "epochs must be a whole number"),
    "fit lists": (lambda d: ns.fit(d.model, [1, 2], [3, 4], epochs=1), "pictures are a tensor"),
    "fit floats to 255": (lambda d: ns.fit(d.model, d.pictures * 255, d.sums, epochs=1), "divide those .* by 255"),
    "tet without steps": (lambda d: ns.Labelled(d.net, "tet"), "train by the mean"),
    "compile a path": (lambda _: ns.compile_circuit("adder.aig"), "read the file by read_circuit"),
    "export a model": (lambda d: ns.write_nir(d.model, d.file("m.nir")), "of a model by to_spiking_network"),
    "run a model joined": (lambda d: ns.run_joined(d.model, d.model, d.pictures), "of a model by to_spiking_network"),
    "join a network": (lambda d: ns.to_spiking_network(d.net), r"give a Model\("),
    "explain a network": (lambda d: ns.explain(d.net, d.pictures[0]), r"give a Model\("),
    "explain a batch": (lambda d: ns.explain(d.model, d.pictures), r"give one, pictures\[0\]"),
    "save a network": (lambda d: ns.save_model(d.net, d.file("m")), r"give a Model\("),
    "load nothing": (lambda d: ns.load_model(d.file("none")), "there is no such checkpoint"),
    "another query": (lambda d: ns.Model(d.net, d.rule, "sum(X, Y)"), "does not define 'sum/2'"),
    "no query": (lambda d: ns.Model(d.net, d.rule)(d.pictures), "give one goal as text"),
    "rules as text": (lambda d: ns.Model(d.net, "sum(S) :- digit(0, S).", "sum(S)"), r"Program.parse\(text\)"),
    "another domain": (lambda d: ns.Model(ns.SpikingClassifier(10, 0), d.rule, "sum(S)"), "give both the same domain"),
    "a plain module": (lambda d: ns.Model(torch.nn.Linear(784, 10), d.rule, "sum(S)"), r"put Neural\(module, domain\)"),
    "floats to 255": (lambda d: d.model(d.pictures.double() * 255), "divide those from 0 to 255 by 255"),
    "a list of pictures": (lambda d: d.model([1, 2]), "pictures are a tensor or an array"),
    "a misspelt name": (lambda _: ns.Explaination, "did you mean Explanation"),
    "prove a number": (lambda d: ns.verify(d.adder, 3), "give a SpikingNetwork"),
    "score a model": (lambda d: ns.concept_report(d.model, d.pictures, d.pictures, [1]), r"give model.perception\("),
    "profile a module": (lambda d: ns.profile(torch.nn.Linear(2, 2), d.pictures[:, 0]), "self.domain = Domain"),
    "no seed": (lambda _: ns.SpikingClassifier(ns.DIGITS, "0"), "or a whole number"),
    "no domain": (lambda _: ns.SpikingClassifier("digit", 0), "Domain"),
}

WORKS: dict[str, Callable[[Desk], Any]] = {
    "load by text": lambda d: ns.load_model(d.saved()),
    "checkpoint and log by text": lambda d: ns.fit(
        d.model, d.pictures, d.sums, epochs=1, checkpoint=d.file("c.safetensors"), log=d.file("log")
    ),
    "export vision by text": lambda d: ns.write_network_nir(
        ns.SpikingVision(10, 0, model="tiny_ms_resnet", options={"size": 8}).network, d.file("v.nir"), size=8
    ),
    "circuit by text": lambda d: (ns.write_circuit(d.adder, d.file("a.aig")), ns.read_circuit(d.file("a.aig"))),
    "nir by text": lambda d: (
        ns.write_nir(ns.compile_circuit(d.adder, "dual-rail", "relays", aligned=True), d.file("a.nir")),
        ns.read_nir(d.file("a.nir")),
    ),
    "report by text": lambda d: ns.write_report(d.file("r.html"), "Title", []),
    "a number of classes and a seed": lambda _: (ns.SpikingClassifier(10, 0), ns.SpikingVision(10, 0)),
    "prove in either order": lambda d: _proved(ns.verify(d.adder, ns.compile_circuit(d.adder))),
    "compare two networks": lambda d: _proved(
        ns.verify(ns.compile_circuit(d.adder), ns.compile_circuit(d.adder, "single-rail"))
    ),
    "prove a flip-flop": lambda d: _proved(ns.verify(ns.compile_circuit(d.flip_flop), d.flip_flop)),
    "numpy": lambda d: d.model(d.pictures.numpy()),
    "numpy bytes": lambda d: d.model((d.pictures.numpy() * 255).astype(np.uint8)),
    "doubles": lambda d: d.model(d.pictures.double()),
    "learn from numpy": lambda d: ns.fit(d.model, d.pictures.numpy(), np.array(d.sums), epochs=1),
    "explain numpy": lambda d: str(ns.explain(d.model, d.pictures[0].numpy())),
    "join with numpy": lambda d: ns.run_joined(d.model, ns.to_spiking_network(d.model), d.pictures.numpy()),
    "profile the classifier": lambda d: ns.profile(d.model.perception, d.pictures[:, 0]),
    "profile the model": lambda d: ns.profile(d.model, d.pictures[:, 0]),
    "labels for a classifier": lambda d: ns.fit(ns.Labelled(d.net), d.pictures[:, 0], [1] * 8, epochs=1),
    "a module of torch": lambda d: (d.model.to("cpu").eval().train(), list(d.model.parameters()), d.model.state_dict()),
    "pickle": lambda d: pickle.loads(pickle.dumps(d.model))(d.pictures),
    "pickle a network": lambda d: pickle.loads(pickle.dumps(d.net))(d.pictures),
    "pickle a course": lambda d: pickle.loads(pickle.dumps(ns.fit(d.model, d.pictures, d.sums, epochs=1))),
    "pickle an explanation": lambda d: pickle.loads(pickle.dumps(ns.explain(d.model, d.pictures[0]))),
    "copy": lambda d: copy.deepcopy(d.model)(d.pictures),
    "torch.save": lambda d: torch.save(d.model, io.BytesIO()),
    "names": lambda _: (ns.read_circuit, ns.prove_equivalent, ns.learn_gate, ns.learn_circuit, ns.explain_queries),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::neurosym.training.concerns.ShortcutWarning")
@pytest.mark.parametrize("typed", REFUSED)
def test_a_misuse_is_one_sentence_that_helps(typed: str, tmp_path: Path) -> None:
    act, text = REFUSED[typed]
    with pytest.raises((ns.NeurosymError, AttributeError), match=text) as caught:
        act(Desk(str(tmp_path)))
    assert isinstance(caught.value, ns.NeurosymError) or typed == "a misspelt name"
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.filterwarnings("ignore::neurosym.training.concerns.ShortcutWarning")
@pytest.mark.parametrize("typed", WORKS)
def test_what_looks_right_works(typed: str, tmp_path: Path) -> None:
    WORKS[typed](Desk(str(tmp_path)))


@pytest.mark.filterwarnings("ignore::neurosym.training.concerns.ShortcutWarning")
def test_what_is_shown_fits_a_screen() -> None:
    desk = Desk("")
    history = ns.fit(desk.model, desk.pictures, desk.sums, epochs=2)
    explanation = ns.explain(desk.model, desk.pictures[0])
    profile = ns.profile(desk.net, desk.pictures[:, 0])
    for found in (desk.model, history, explanation, desk.model.perception(desk.pictures), profile):
        assert 0 < len(repr(found)) <= 200, repr(found)
        assert "\n" not in repr(found)
    assert str(explanation).splitlines()[0] == "question: sum(S)"
    assert explanation._repr_html_().startswith("<pre>question: sum(S)\n")  # pyright: ignore[reportPrivateUsage] - notebooks'


def test_numpy_and_doubles_are_the_same_pictures() -> None:
    desk = Desk("")
    answers = desk.model(desk.pictures).log_probs
    for given in (desk.pictures.numpy(), desk.pictures.double(), desk.pictures.numpy().astype(np.float64)):
        assert torch.equal(desk.model(given).log_probs, answers)
