"""Checkpoints: tensors and settings, or modules, in one safetensors file, written whole or not at all; never pickle."""

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from logic import NeurosymError, whole_file
from perception.networks.perception import Perception, check_perception, difference, outline

from .blueprints import BlueprintError, blueprint_of, build
from .embeddings import to_modules

_SETTINGS = "neurosym"


class CheckpointError(NeurosymError):
    """A checkpoint that cannot be written, read, or does not belong to what it is asked for."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What a checkpoint file holds.

    Args:
        tensors: By name.
        settings: Whatever JSON can say.
    """

    tensors: Mapping[str, Tensor]
    settings: Mapping[str, Any]


def write_checkpoint(path: str | Path, checkpoint: Checkpoint) -> None:
    """Writes a file beside ``path`` and then puts it in its place, so that ``path`` is never half-written.

    Raises:
        FileError: if it cannot be written, for example because the disk is full; what was there stays.
    """
    tensors = {name: tensor.detach().contiguous() for name, tensor in checkpoint.tensors.items()}
    with whole_file(Path(path)) as place:
        try:
            save_file(tensors, place, {_SETTINGS: json.dumps(dict(checkpoint.settings))})
        except SafetensorError as fault:  # what safetensors makes of a full disk
            raise OSError(str(fault)) from fault


def read_checkpoint(path: str | Path) -> Checkpoint:
    """What :func:`write_checkpoint` wrote.

    Raises:
        CheckpointError: if the file is missing, damaged or not one of ours.
    """
    with _opened(path) as file:
        return Checkpoint(_tensors(file), _settings(file))


@contextmanager
def _opened(path: str | Path) -> Generator[Any]:
    """A safetensors file; whatever is wrong with it while it is open is said in one sentence."""
    if not Path(path).is_file():
        raise CheckpointError(f"{path}: there is no such checkpoint; check the path")
    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except NeurosymError:
        raise
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError, RecursionError) as fault:
        raise CheckpointError(
            f"{path}: the file is damaged or is no checkpoint of neurosym ({first_line(fault)}); "
            f"delete it and train again"
        ) from None


def _settings(file: Any) -> Mapping[str, Any]:
    settings = json.loads((file.metadata() or {})[_SETTINGS])
    if not isinstance(settings, dict):
        raise TypeError("its settings are no table")
    return settings


def _tensors(file: Any) -> dict[str, Tensor]:
    return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping


def first_line(fault: BaseException) -> str:
    """What an error of a library says, without the lines that name every tensor."""
    return str(fault).partition("\n")[0].rstrip(":")


@dataclass(frozen=True, eq=False)
class Contents:
    """The modules that a file holds.

    Args:
        perceptions: By the names of networks and domains.
        embeddings: What programs pass around by name.
        notes: What was kept beside them, such as the rules.
    """

    perceptions: Mapping[str, nn.Module]
    embeddings: Mapping[str, nn.Module] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def held(self) -> nn.Module:
        """All of them as one module; the names of its tensors are those in a file."""
        held = nn.Module()
        held.perceptions, held.embeddings = to_modules(self.perceptions)[0], to_modules(self.embeddings)[0]
        return held


def save_modules(contents: Contents, path: str | Path) -> None:
    """Writes modules: their weights, each once, and how they are made.

    Raises:
        CheckpointError: if no other of a module's shape can be made from what it tells.
        FileError: if it cannot be written.
    """
    try:
        blueprints = {
            part: {name: blueprint_of(module) for name, module in modules.items()}
            for part, modules in (("perceptions", contents.perceptions), ("embeddings", contents.embeddings))
        }
    except BlueprintError as fault:
        raise CheckpointError(f"{path}: {fault}") from None
    tensors: dict[str, Tensor] = contents.held.state_dict(keep_vars=True)
    first: dict[int, str] = {}
    same = {name: first.setdefault(id(tensor), name) for name, tensor in tensors.items()}
    shared = {name: known for name, known in same.items() if name != known}
    own = {name: _alone(tensor.detach()) for name, tensor in tensors.items() if name not in shared}
    write_checkpoint(path, Checkpoint(own, {**blueprints, "shared": shared, "notes": dict(contents.notes)}))


def _alone(tensor: Tensor) -> Tensor:
    """The tensor with memory of its own, as a file wants it."""
    return tensor.clone() if tensor.untyped_storage().nbytes() > tensor.nbytes else tensor


def load_modules(path: str | Path, kinds: Sequence[type[nn.Module]] = ()) -> Contents:
    """The modules that :func:`save_modules` wrote.

    The header is compared with the modules that it asks for before anything of their size is made.

    Args:
        path: The file.
        kinds: Classes of your own that it may ask for; no class is ever looked up by a name in a file.

    Raises:
        CheckpointError: if the file is missing, damaged or holds something else.
    """
    with _opened(path) as file:
        settings = _settings(file)
        try:
            notes = {str(key): str(value) for key, value in dict(settings["notes"]).items()}
            shared: dict[str, str] = dict(settings["shared"])
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
            shapes |= {name: shapes[known] for name, known in shared.items()}

            def make() -> Contents:
                found = [
                    {str(name): build(one, kinds) for name, one in dict(settings[part]).items()}
                    for part in ("perceptions", "embeddings")
                ]
                return Contents(found[0], found[1], notes)

            if differing := difference(outline(lambda: make().held, 2 * len(shapes) + 16), shapes):
                raise ValueError(differing)
            contents = make()
            for perception in contents.perceptions.values():
                check_perception(perception)
            _fill(contents.held, _tensors(file), shared)
            return contents
        except BlueprintError as fault:
            raise CheckpointError(f"{path}: {fault}") from None
        except Exception as fault:  # also what the constructor of a stranger's class raises
            reason = f"it lacks {fault}" if isinstance(fault, KeyError) else first_line(fault)
            raise CheckpointError(
                f"{path}: does not hold a perception network ({reason}); give a file saved by training"
            ) from None


def _fill(held: nn.Module, tensors: Mapping[str, Tensor], shared: Mapping[str, str]) -> None:
    """Puts the weights in place; those that are shared become one again."""
    for name, known in shared.items():
        (home, _, leaf), (source, _, kept) = name.rpartition("."), known.rpartition(".")
        tensor = getattr(held.get_submodule(source), kept)
        if isinstance(tensor, nn.Parameter):
            held.get_submodule(home).register_parameter(leaf, tensor)
        else:
            held.get_submodule(home).register_buffer(leaf, tensor)
    held.load_state_dict({**tensors, **{name: tensors[known] for name, known in shared.items()}})


def save_perception(perception: Perception, path: str | Path, notes: Mapping[str, str] | None = None) -> None:
    """Writes a perception network: its weights, and how it is made.

    Args:
        perception: Of any class that tells its ``architecture`` (:class:`perception.networks.perception.Remakable`),
            or a :class:`perception.Neural`.
        path: The file.
        notes: What shall be kept beside it, such as what it was trained on.

    Raises:
        CheckpointError: if no other of its shape can be made from what it tells.
        FileError: if it cannot be written.
    """
    found = check_perception(perception)
    save_modules(Contents({found.domain.name: cast(nn.Module, found)}, {}, dict(notes or {})), path)


def load_perception(path: str | Path, kinds: Sequence[type[nn.Module]] = ()) -> tuple[Perception, dict[str, str]]:
    """The perception network that :func:`save_perception` wrote, or that of a saved model, and the notes beside it.

    Args:
        path: The file.
        kinds: Classes of your own that it may ask for; no class is ever looked up by a name in a file.

    Raises:
        CheckpointError: if the file is missing, damaged or holds something else, such as several perceptions.
    """
    contents = load_modules(path, kinds)
    if len(contents.perceptions) != 1 or contents.embeddings:
        raise CheckpointError(
            f"{path}: holds the perceptions {', '.join(contents.perceptions) or 'of nobody'}; load them by load_model"
        )
    return check_perception(next(iter(contents.perceptions.values()))), dict(contents.notes)
