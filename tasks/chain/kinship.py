"""Kinship from stories: what two persons are to each other, learned from such answers alone (CLUTRR).

A story is a few sentences, each about two persons; who is meant in which is a fact of the sample, and so is a gender.
The network reads a sentence as a vector, which the program passes on by name, and is never told what a single sentence
says, only where the chain ends. Trained on chains of two and three sentences, it is judged on chains of two to six.

The stories are those of DeepProbLog's split of CLUTRR (non-commercial, so they do not travel with this repository): the
folder that ``NEUROSYM_DATA`` names holds ``clutrr/clutrr_deepproblog.tar.xz``.

References:
    Sinha et al., "CLUTRR: a diagnostic benchmark for inductive reasoning from text", EMNLP 2019.
"""

import csv
import io
import os
import re
import tarfile
from ast import literal_eval
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from logic import Domain
from neurosym import Model, Neural, Program, Sample, fit

from ..symbols.digit_pictures import DataError
from .showcase import Learned, Showcase

RULES = Path(__file__).with_suffix(".pl")
FOLDER, TRAINING = "data_b11e6a4f", "1.2,1.3_train"
LONGEST, WIDTH, WORDS = 6, 32, 12  # sentences of a test story; numbers of a vector; words of a sentence
EPOCHS, BATCH, LEARNING_RATE = 12, 32, 1e-2


@dataclass(frozen=True)
class Story:
    """What is told, and what is asked about it.

    Args:
        sentences: Their words, names left out, and the numbers of the first and the second person in it.
        persons: Who is asked about: what the second is to the first.
        gender: Of the second.
        answer: What the second is to the first.
    """

    sentences: tuple[tuple[str, int, int], ...]
    persons: tuple[int, int]
    gender: str
    answer: str

    @property
    def facts(self) -> str:
        """Who is meant in which sentence, and what is known of whom is asked about."""
        told = [f"told(s{n}, {one}, {two})." for n, (_, one, two) in enumerate(self.sentences)]
        return " ".join([*told, f"gender({self.persons[1]}, {self.gender})."])

    def sample(self, vocabulary: Mapping[str, int]) -> Sample:
        """With each sentence as the numbers of its words."""
        inputs = {f"s{n}": _numbers(words, vocabulary) for n, (words, _, _) in enumerate(self.sentences)}
        return Sample(inputs, "kin({}, {}, Word)".format(*self.persons), self.answer, self.facts)


class Sentence(nn.Module):
    """A sentence as a vector: the sum of what its words stand for."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.words = nn.Embedding(words, WIDTH, padding_idx=0)
        self.layer = nn.Linear(WIDTH, WIDTH)

    def forward(self, numbers: Tensor) -> Tensor:
        """``[M, WIDTH]`` of words ``[M, WORDS]``."""
        return self.layer(self.words(numbers).sum(dim=1)).tanh()


def read_stories() -> dict[str, list[Story]]:
    """Stories by the name of their file.

    Raises:
        DataError: if they are not there.
    """
    path = Path(os.environ.get("NEUROSYM_DATA", "")) / "clutrr" / "clutrr_deepproblog.tar.xz"
    try:
        with tarfile.open(path) as archive:
            files = {m.name: archive.extractfile(m) for m in archive.getmembers() if m.name.endswith(".csv")}
            texts = {name: file.read().decode() for name, file in files.items() if file is not None}
    except (OSError, tarfile.TarError) as fault:
        raise DataError(f"{path}: the stories are not there ({fault}); let NEUROSYM_DATA name their folder") from None
    return {Path(name).stem: list(_stories(text)) for name, text in texts.items() if FOLDER in Path(name).parent.parts}


def _stories(text: str) -> Iterator[Story]:
    for row in csv.DictReader(io.StringIO(text)):
        gender = dict(pair.split(":") for pair in row["genders"].split(","))
        told: list[tuple[str, str, str]] = []
        for part in re.split(r"\.\s*", row["story"]):
            names = re.findall(r"\[(\w+)\]", part)
            if len(names) == 2:
                told.append((re.sub(r"\[\w+\]", " ", part), *names))
        asked = literal_eval(row["query"])
        numbers = _by_distance(asked[0], [(one, two) for _, one, two in told])
        sentences = [(words, numbers[one], numbers[two]) for words, one, two in told if one in numbers]
        if asked[1] in numbers:
            answer = row["target"].replace("-", "_").replace("neice", "niece")
            sentences.sort(key=lambda sentence: sorted(sentence[1:]))
            yield Story(tuple(sentences), (0, numbers[asked[1]]), gender[asked[1]], answer)


def _by_distance(first: str, pairs: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Persons by number, the nearest to the first one first: so stories that are alike ask the same."""
    numbers, todo = {first: 0}, [first]
    for person in todo:  # grows
        for pair in pairs:
            for other in pair:
                if person in pair and other not in numbers:
                    numbers[other] = len(numbers)
                    todo.append(other)
    return numbers


def _numbers(words: str, vocabulary: Mapping[str, int]) -> Tensor:
    found = [vocabulary.get(word, 0) for word in words.lower().split()][:WORDS]
    return torch.tensor(found + [0] * (WORDS - len(found)))


def learn(seed: int, share: float) -> Learned:
    """Learns what sentences say from the ends of chains."""
    stories = read_stories()
    training = stories[TRAINING][: max(BATCH, int(share * len(stories[TRAINING])))]
    words = sorted({word for story in training for text, _, _ in story.sentences for word in text.lower().split()})
    vocabulary = {word: number for number, word in enumerate(words, start=1)}
    torch.manual_seed(seed)
    program = Program.read(RULES)
    relations = Domain("relation", program.domain("relation").values)
    reader = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, len(relations)))
    model = Model({"relation": Neural(reader, relations)}, program, embeddings={"sentence": Sentence(1 + len(words))})
    samples = [story.sample(vocabulary) for story in training]
    fit(model, samples, epochs=EPOCHS, batch=BATCH, learning_rate=LEARNING_RATE, seed=seed, impossible=10.0)
    parts = {
        f"{length} sentences": [story.sample(vocabulary) for story in stories[f"1.{length}_test"]]
        for length in range(2, LONGEST + 1)
    }
    return Learned(model, [sample for part in parts.values() for sample in part], parts=parts)


SHOWCASE = Showcase("what two persons are to each other, from stories of two and three sentences", learn)
