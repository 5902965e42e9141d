"""Parts of a model that training leaves as they are: weights and statistics."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

from torch import nn

from .errors import TrainingError

_TOLD = 12  # names in a message


@contextmanager
def frozen(parts: Sequence[nn.Module]) -> Generator[None]:
    """Within it, the parts get no gradient and stay in evaluation, whatever mode a network around them is put into.

    Example:
        >>> norm, layer = nn.BatchNorm1d(3), nn.Linear(3, 3)
        >>> network = nn.Sequential(norm, layer)
        >>> with frozen([norm]):
        ...     network.train().training, norm.training, norm.weight.requires_grad
        (True, False, False)
        >>> norm.training, norm.weight.requires_grad
        (True, True)
    """
    modules = {id(module): module for part in parts for module in part.modules()}.values()
    modes = [(module, module.training) for module in modules]
    learned = [parameter for part in parts for parameter in part.parameters() if parameter.requires_grad]
    try:
        for part in parts:
            part.eval()
        for module in modules:
            module.train = _Unmoved(module)  # pyright: ignore[reportAttributeAccessIssue] - a name
        for parameter in learned:
            parameter.requires_grad_(False)
        yield
    finally:
        for module, mode in modes:
            del module.train  # the class's own comes forth again
            module.training = mode
        for parameter in learned:
            parameter.requires_grad_(True)


class _Unmoved:
    """In the place of ``train``: the mode stays."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module

    def __call__(self, mode: bool = True) -> nn.Module:
        return self._module


def parts_of(model: Any, names: Sequence[str]) -> list[nn.Module]:
    """The networks and embeddings of a model that bear these names, or parts of its only network: ``blocks.0``.

    Raises:
        TrainingError: if it has none of a name, or nothing is left to learn.
    """
    if not names:
        return []
    perceptions: Mapping[str, nn.Module] = getattr(model, "perceptions", {})
    embeddings: Mapping[str, nn.Module] = getattr(model, "embeddings", {})
    known = {**embeddings, **perceptions}
    only = getattr(model, "perception", None) if len(perceptions) < 2 else None
    if isinstance(only, nn.Module):
        network = getattr(only, "network", only)  # whose parts need not be called by its name
        inside = {**dict(network.named_modules()), **dict(only.named_modules())}
        known = {**{name: part for name, part in inside.items() if name}, **known}
    if unknown := [name for name in names if name not in known]:
        near = get_close_matches(unknown[0], known, 1)
        told = [name for name in known if "." not in name][:_TOLD]
        hint = f"; did you mean {near[0]}?" if near else ""
        what = "network" if len(perceptions) > 1 else "network or part"
        raise TrainingError(
            f"there is no {what} '{unknown[0]}' to be frozen; the model has {', '.join(told) or 'none by name'}{hint}"
        )
    parts = [known[name] for name in names]
    still = {id(parameter) for part in parts for parameter in part.parameters()}
    learned: Iterable[nn.Parameter] = (model if isinstance(model, nn.Module) else model.perception).parameters()
    if all(id(parameter) in still or not parameter.requires_grad for parameter in learned):
        raise TrainingError(f"with {', '.join(names)} frozen nothing is left to be learned; leave one of them out")
    return parts
