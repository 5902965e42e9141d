"""DeepProbLog's own programs and data sets, sample by sample: each query with the inputs that it names.

What their data sets substitute for names in a query, ``{a: tensor(train(7))}``, are the inputs of a sample here, by the
same names. Texts become rows of word numbers of one length. Pictures that are not in a checkout (digits, coins, cards,
signs) are random tensors: one step of training is taken, nothing is learned from them.
"""

import csv
import re
from ast import literal_eval
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from zlib import crc32

import torch
from torch import Tensor, nn

from logic import Domain
from neurosym import Model, Neural, Program, Sample

WORDS, LENGTH, WIDTH = 1000, 48, 16  # word numbers, words of a text, numbers of an embedding
SPECIAL = 20  # word numbers below are persons
DIGITS = range(10)

Samples = Callable[[Path, torch.Generator], Iterator[Sample]]


@dataclass(frozen=True)
class Port:
    """A program and how it is trained.

    Args:
        name: What is trained.
        program: Its file, below their folder of examples.
        networks: By name, how many inputs' numbers each reads.
        samples: From their folder of examples.
        embeddings: Modules that the program passes on by name.
        batch: Samples of the step.
    """

    name: str
    program: str
    networks: Mapping[str, Callable[[int], nn.Module]]
    samples: Samples
    embeddings: Mapping[str, Callable[[], nn.Module]]
    batch: int = 8

    def model(self, program: Program) -> Model:
        """Untrained networks of the right sizes."""
        torch.manual_seed(0)
        perceptions = {
            name: Neural(make(len(program.domain(name))), Domain(name, program.domain(name).values))
            for name, make in self.networks.items()
        }
        return Model(perceptions, program, embeddings={name: make() for name, make in self.embeddings.items()})


def picture_reader(pixels: int) -> Callable[[int], nn.Module]:
    """Makes networks that read pictures of so many pixels."""
    return lambda values: nn.Sequential(nn.Flatten(), nn.Linear(pixels, 32), nn.ReLU(), nn.Linear(32, values))


def _seen(generator: torch.Generator, *names: str, pixels: int = 784) -> dict[str | int, Tensor]:
    return {name: torch.rand(pixels, generator=generator) for name in names}


def _number(generator: torch.Generator, below: int) -> int:
    return int(torch.randint(below, (), generator=generator))


def sums(digits: int, query: str, answer: bool | None = None) -> Samples:
    """Sums of two numbers of so many digits, as their MNIST data sets ask for them; the sum may stand in the query."""

    def samples(_: Path, generator: torch.Generator) -> Iterator[Sample]:
        names = [[f"p{place}_{digit}" for digit in range(digits)] for place in range(2)]
        lists = [f"[{', '.join(own)}]" if digits > 1 else own[0] for own in names]
        while True:
            total = sum(_number(generator, 10**digits) for _ in range(2))
            yield Sample(_seen(generator, *names[0], *names[1]), query.format(*lists, total), answer or total)

    return samples


def all_digits(_: Path, generator: torch.Generator) -> Iterator[Sample]:
    """Three pictures, the third of which shows the sum of the others."""
    while True:
        yield Sample(_seen(generator, "a", "b", "c"), "addition(a, b, c)", True)


def any_sums(_: Path, generator: torch.Generator) -> Iterator[Sample]:
    """Bags of pairs, one of which has the sum."""
    while True:
        yield Sample(_seen(generator, *"abcd"), "anysum([[a, b], [c, d]], R)", _number(generator, 19))


def coins(folder: Path, generator: torch.Generator) -> Iterator[Sample]:
    """Pictures of two coins; the game is won if they lie alike."""
    for line in (folder / "Coins/data/label_data/train.csv").read_text().splitlines():
        one, two = line.replace(" ", "").split(",")
        yield Sample(_seen(generator, "a"), "game(a, Outcome)", "win" if one == two else "loss")


def cards(folder: Path, generator: torch.Generator) -> Iterator[Sample]:
    """Four cards, and how probable the outcome is; the house's card is unknown, or now and then known."""
    rows = (folder / "Poker/data/labels/unfair.csv").read_text().splitlines()
    for number, line in enumerate(rows):
        house = line.split(",")[4].split()[0]
        shown = _seen(generator, "card_0", "card_1", "card_2", "card_3")
        hand = "[card_0, card_1, card_2, card_3]"
        query = f"game({hand}, card({house}), O)" if number % 5 == 0 else f"game({hand}, O)"
        yield Sample(shown, query, {"win": 0.5, "loss": 0.25, "draw": 0.25})


def formulas(signs: int) -> Samples:
    """Values of formulas of so many signs."""

    def samples(_: Path, generator: torch.Generator) -> Iterator[Sample]:
        names = [f"i{place}" for place in range(signs)]
        while True:
            digits = [1 + _number(generator, 9) for _ in range(1 + signs // 2)]
            yield Sample(_seen(generator, *names), f"expression([{', '.join(names)}], R)", float(sum(digits)))

    return samples


def lines(file: str) -> Samples:
    """Queries of a file, answers in them, about digits that are inputs: each as one of ten."""

    def samples(folder: Path, _: torch.Generator) -> Iterator[Sample]:
        digits: dict[str | int, Tensor] = {
            digit: nn.functional.one_hot(torch.tensor(digit), 10).float() for digit in DIGITS
        }
        for line in (folder / file).read_text().splitlines():
            yield Sample(digits, line.strip().removesuffix("."), True)

    return samples


class Joined(nn.Module):
    """Reads several inputs side by side."""

    def __init__(self, inputs: int, values: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(10 * inputs, 32), nn.Tanh(), nn.Linear(32, values))

    def forward(self, *inputs: Tensor) -> Tensor:
        """``[M, K]`` of inputs ``[M, 10]``."""
        return self.layers(torch.cat(inputs, dim=1))


def word_numbers(text: str) -> Tensor:
    """``[LENGTH]``: whole numbers stand for words, 0 for none; numbers below ten for themselves, plus one."""
    words = re.findall(r"\w+|[^\w\s]", text)[:LENGTH]
    known = [
        1 + int(w) if len(w) == 1 and w.isdigit() else SPECIAL + crc32(w.lower().encode()) % (WORDS - SPECIAL)
        for w in words
    ]
    return torch.tensor(known + [0] * (LENGTH - len(known)))


class Reader(nn.Module):
    """A text, read word by word with the persons in question marked, as one vector."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, WIDTH)
        self.marks = nn.Embedding(4, WIDTH)
        self.memory = nn.GRU(WIDTH, WIDTH, batch_first=True)

    def forward(self, text: Tensor, *persons: Tensor) -> Tensor:
        """``[M, WIDTH]`` of texts ``[M, LENGTH]`` and persons ``[M]``."""
        marked = torch.zeros_like(text)
        for number, person in enumerate(persons, start=1):
            marked = torch.where(text == 1 + person[:, None], number, marked)
        words = torch.where((text > 0) & (text < SPECIAL), SPECIAL - 1, text)
        found, _ = self.memory(self.words(words) + self.marks(marked))
        return found[:, -1]


class Asked(nn.Module):
    """A reader whose vector is a belief."""

    def __init__(self, values: int) -> None:
        super().__init__()
        self.reader, self.layer = Reader(), nn.Linear(WIDTH, values)

    def forward(self, text: Tensor, person: Tensor) -> Tensor:
        """``[M, K]``."""
        return self.layer(self.reader(text, person))


def word_problems(folder: Path, _: torch.Generator) -> Iterator[Sample]:
    """Sums told as stories, with their three numbers and the result."""
    for line in (folder / "Forth/WAP/data/train.pl").read_text().splitlines():
        if found := re.fullmatch(r'wap\("(.*)",(\d+),(\d+),(\d+),(\d+)\)\.', line.strip()):
            text, *numbers, result = found.groups()
            yield Sample({"story": word_numbers(text)}, f"wap(story, {', '.join(numbers)}, Out)", int(result))


def stories(folder: Path, _: torch.Generator) -> Iterator[Sample]:
    """Stories of families, sentence by sentence, and how two of their persons are related."""
    with (folder / "CLUTRR/data/data_a9dcffad/1.2_train.csv").open() as file:
        for row in csv.DictReader(file):
            persons = {pair.split(":")[0]: number for number, pair in enumerate(row["genders"].split(","))}
            text = row["story"]
            for name, number in persons.items():
                text = text.replace(f"[{name}]", f" {number} ")
            parts = [part for part in re.split(r"[.!]", text) if part.strip()]
            held = [f"s([{', '.join(_persons_of(part))}], t{place})" for place, part in enumerate(parts)]
            told = f"[{', '.join(held)}]"
            one, two = (persons[name] for name in literal_eval(row["query"]))
            inputs: dict[str | int, Tensor] = {f"t{place}": word_numbers(part) for place, part in enumerate(parts)}
            inputs |= {number: torch.tensor(number) for number in persons.values()} | {told: word_numbers(text)}
            everyone = ", ".join(map(str, sorted(persons.values())))
            answer = row["target"].replace("-", "_").replace("neice", "niece")
            yield Sample(inputs, f"clutrr_text([{everyone}], {told}, {one}, {answer}, {two})", True)


def _persons_of(sentence: str) -> Sequence[str]:
    return sorted(set(re.findall(r"\b\d\b", sentence)))


def first(samples: Iterator[Sample], count: int) -> list[Sample]:
    """So many samples."""
    return list(islice(samples, count))


def _pictures(*names: str) -> Mapping[str, Callable[[int], nn.Module]]:
    return dict.fromkeys(names, picture_reader(784))


def _vectors(*names: str) -> Mapping[str, Callable[[int], nn.Module]]:
    return dict.fromkeys(names, picture_reader(WIDTH))


def _several(inputs: int, *names: str) -> Mapping[str, Callable[[int], nn.Module]]:
    return dict.fromkeys(names, lambda values: Joined(inputs, values))


NONE: Mapping[str, Callable[[], nn.Module]] = {}
_DIGITS, _SIGNS = _pictures("mnist_net"), _pictures("net1", "net2")
_RELATIONS: dict[str, Any] = {**_vectors("rel_extract"), "gender_net": Asked}

PORTS = (
    Port("minimal addition", "minimal/addition.pl", _DIGITS, sums(1, "addition({}, {}, Z)"), NONE),
    Port("addition", "MNIST/models/addition.pl", _DIGITS, sums(1, "addition({}, {}, Z)"), NONE),
    Port("2 digits", "MNIST/models/addition.pl", _DIGITS, sums(2, "multi_addition({}, {}, Z)"), NONE),
    Port("3 digits", "MNIST/models/addition.pl", _DIGITS, sums(3, "multi_addition({}, {}, {})", True), NONE, batch=2),
    Port("3 digits, any sum", "MNIST/models/addition.pl", _DIGITS, sums(3, "multi_addition({}, {}, Z)"), NONE, batch=2),
    Port("noisy addition", "MNIST/models/noisy_addition.pl", _DIGITS, sums(1, "addition_noisy({}, {}, Z)"), NONE),
    Port("all digits", "MNIST/models/all_digit_addition.pl", _DIGITS, all_digits, NONE),
    Port("any sum", "MNIST/models/any_sum.pl", _DIGITS, any_sums, NONE),
    Port("coins", "Coins/model.pl", _SIGNS, coins, NONE),
    Port("poker", "Poker/model.pl", _pictures("net1"), cards, NONE),
    Port("HWF 1", "HWF/model.pl", _SIGNS, formulas(1), NONE),
    Port("HWF 3", "HWF/model.pl", _SIGNS, formulas(3), NONE),
    Port("HWF 5", "HWF/model.pl", _SIGNS, formulas(5), NONE),
    Port("HWF 7", "HWF/model.pl", _SIGNS, formulas(7), NONE),
    Port("Forth add", "Forth/Add/choose.pl", _several(3, "neural1", "neural2"),
         lines("Forth/Add/data/train2_test8_train.txt"), NONE),
    Port("Forth sort", "Forth/Sort/compare.pl", _several(2, "swap_net"),
         lines("Forth/Sort/data/train3_test8_train.txt"), NONE),
    Port("Forth quicksort", "Forth/Sort/quicksort.pl", _several(2, "swap_net"),
         lines("Forth/Sort/data/train3_test8_train.txt"), NONE),
    Port("WAP", "Forth/WAP/wap.pl", _vectors("nn_permute", "nn_op1", "nn_swap", "nn_op2"), word_problems,
         {"rnn": Reader}),
    Port("CLUTRR", "CLUTRR/model_forward.pl", _RELATIONS, stories, {"encoder": Reader}, batch=2),
)  # fmt: skip
"""All that their examples train."""
