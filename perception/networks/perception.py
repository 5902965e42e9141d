"""The contract of a perception network: what it has and does, whatever its class.

A module is a perception if it has a ``domain`` and its ``forward`` gives a :class:`Percept` of pictures
``[B, N, C, H, W]``. One that also tells its ``architecture`` - the arguments that, with domain and generator, make
another of the same shape - can be saved and loaded. Nothing asks for a class.
"""

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, Self, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook
from torch.overrides import TorchFunctionMode

from logic import Domain, NeurosymError

from .percept import Percept

_MOST_PARAMETERS = 100_000  # named tensors of one network


class PerceptionError(NeurosymError, TypeError):
    """What is no perception network, or one that cannot be made again; the text says what is missing."""


@runtime_checkable
class Perception(Protocol):
    """A module that turns pictures into a belief over the values of its domain."""

    @property
    def domain(self) -> Domain:
        """The values that a picture can show, in the order of the classes."""
        ...

    def forward(self, pictures: Tensor) -> Percept:
        """What is seen in pictures ``[B, N, C, H, W]``, bytes from 0 to 255 or floats from 0 to 1.

        The belief has ``B`` samples of ``N`` slots each and gradients by all parameters; no call remembers another.
        """
        ...

    def __call__(self, pictures: Tensor) -> Percept:
        """As ``forward``."""
        ...

    def parameters(self) -> Iterator[nn.Parameter]:
        """What is learned."""
        ...

    def state_dict(self) -> dict[str, Tensor]:
        """All tensors by name."""
        ...

    def train(self, mode: bool = True) -> Self:
        """Into training, or out of it."""
        ...

    def eval(self) -> Self:
        """Out of training."""
        ...


@runtime_checkable
class Remakable(Perception, Protocol):
    """A perception of which another of the same shape can be made, so that it can be saved and loaded."""

    def architecture(self) -> dict[str, Any]:
        """The arguments beside domain and generator, as JSON can say them."""
        ...


PerceptionClass = type[nn.Module]
"""The class of a perception that can be saved: called with a domain, a generator and its architecture, it makes one."""


def check_perception(found: object) -> Perception:
    """A perception as what it is.

    Raises:
        PerceptionError: if it is none; the text says what its class lacks.

    Example:
        >>> check_perception(nn.Linear(784, 10))  # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
        PerceptionError: a Linear is no perception network ...
    """
    if isinstance(found, nn.Module) and isinstance(getattr(found, "domain", None), Domain):
        return found  # pyright: ignore[reportReturnType] - every module has the rest
    lacking = "a 'domain'" if isinstance(found, nn.Module) else "'domain' and 'forward'"
    raise PerceptionError(
        f"a {type(found).__name__} is no perception network, it lacks {lacking}; put Neural(module, domain) around one "
        f"that gives logits [M, K], or make one of it by a torch.nn.Module with "
        f"self.domain = Domain('digit', range(10)) whose forward(self, pictures), pictures [B, N, C, H, W], "
        f"returns Percept(Symbols(self.domain, log_probs), {{}}) with log_probs [B, N, 10] after log_softmax"
    )


def class_of(found: object) -> PerceptionClass:
    """The class of a perception.

    Raises:
        PerceptionError: if it is no module.
    """
    if isinstance(found, nn.Module):
        return type(found)
    raise PerceptionError(f"a {type(found).__name__} is no torch.nn.Module")


def check_remakable(found: object) -> Remakable:
    """A perception that can be saved, after another of the same shape has been made on no device.

    Raises:
        PerceptionError: if it does not tell its architecture, or what that makes has other tensors.
    """
    perception = check_perception(found)
    kind = type(perception).__name__
    remedy = (
        f"give it a method architecture(self) that returns the arguments with which "
        f"{kind}(domain, generator, **arguments) makes another of the same shape"
    )
    if not isinstance(perception, Remakable):
        raise PerceptionError(f"a {kind} cannot be saved, since it does not say how it is made; {remedy}")
    try:
        make, arguments = class_of(perception), perception.architecture()
        wanted = outline(lambda: make(perception.domain, torch.Generator("cpu"), **arguments))
    except Exception as fault:  # whatever the constructor of a stranger's class raises
        raise PerceptionError(
            f"a {kind} cannot be saved, since {kind}(domain, generator, **architecture) fails ({fault}); {remedy}"
        ) from fault
    if differing := difference(wanted, {name: tuple(tensor.shape) for name, tensor in perception.state_dict().items()}):
        raise PerceptionError(f"a {kind} cannot be saved, since its architecture makes another: {differing}; {remedy}")
    return perception


def outline(make: Callable[[], nn.Module], most: int = _MOST_PARAMETERS) -> dict[str, tuple[int, ...]]:
    """The shapes of all tensors of a module, by name; no memory is taken for its weights.

    Args:
        make: Makes it.
        most: Number of parameters, each with its name, at which making it is given up.

    Raises:
        PerceptionError: if there are more.
    """
    here, made = threading.get_ident(), itertools.count(1)

    def count(*_: object) -> None:
        if threading.get_ident() == here and next(made) > most:
            raise PerceptionError(f"its architecture asks for more than {most} layers of weights")

    hook = register_module_parameter_registration_hook(count)
    try:
        with torch.device("meta"), _Undrawn():
            found = make()
    finally:
        hook.remove()
    return {name: tuple(tensor.shape) for name, tensor in found.state_dict().items()}


class _Undrawn(TorchFunctionMode):
    """Within it, no tensor is filled with random numbers; without numbers, torch would first load its compiler."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func in (Tensor.normal_, Tensor.uniform_):
            return args[0]
        return func(*args, **(kwargs or {}))


def difference(wanted: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]]) -> str:
    """The first tensor that two networks do not share, in half a sentence; empty if there is none."""
    for name in [*wanted, *found]:
        if wanted.get(name) != found.get(name):
            ours, theirs = (f"is {list(s[name])}" if name in s else "is missing" for s in (found, wanted))
            return f"tensor '{name}' {ours} here and {theirs} there"
    return ""


def check_sizes(**sizes: Any) -> None:
    """Refuses sizes that are not whole numbers from 1 on, such as a damaged file may hold.

    Raises:
        PerceptionError: that names the first.
    """
    for name, size in sizes.items():
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise PerceptionError(f"{name} must be a whole number, 1 or more; got {size!r}")


def to_domain(values: Domain | int) -> Domain:
    """The domain that is meant: itself, or one called ``class`` of so many numbers.

    Raises:
        PerceptionError: if it is neither.

    Example:
        >>> to_domain(10)
        Domain(name='class', values=(0, 1, 2, 3, 4, 5, 6, 7, 8, 9))
    """
    if isinstance(values, Domain):
        return values
    if isinstance(values, int) and values >= 2:  # pyright: ignore[reportUnnecessaryIsInstance] - from users
        return Domain("class", range(values))
    raise PerceptionError(f"a perception needs a domain, such as Domain('digit', range(10)), or 10; got {values!r}")
