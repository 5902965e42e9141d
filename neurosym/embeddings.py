"""What programs pass around by name, modules and tensors, as parts of a module."""

from collections.abc import Mapping

from torch import Tensor, nn

from logic import NeurosymError

Embeddings = (
    Mapping[str, nn.Module | Tensor] | Mapping[int, nn.Module | Tensor] | Mapping[str | int, nn.Module | Tensor]
)
"""What programs pass around by name: a module, called as ``nn(name, [X], E)`` says, or a tensor."""


class NamedTensor(nn.Module):
    """A tensor that a program passes around by name; ``name`` is itself, ``name(3)`` its row 3.

    Args:
        value: Learned if it is a parameter.
    """

    value: Tensor

    def __init__(self, value: Tensor) -> None:
        super().__init__()
        if isinstance(value, nn.Parameter):
            self.value = value
        else:
            self.register_buffer("value", value)


def to_modules(found: Mapping[str, nn.Module]) -> tuple[nn.ModuleDict, dict[str, str]]:
    """Modules as a part of another, and the key of each name: the name, unless torch itself uses it."""
    modules, keys = nn.ModuleDict(), dict[str, str]()
    for name, module in found.items():
        key = name.replace(".", "_")
        while hasattr(modules, key):
            key += "_"
        keys[name] = key
        modules[key] = module
    return modules, keys


class EmbeddingError(NeurosymError, TypeError):
    """What a program cannot pass around by name."""


def to_embeddings(given: Embeddings) -> dict[str, nn.Module]:
    """Modules and tensors by name, tensors as modules that hold them.

    Raises:
        EmbeddingError: if one is neither.
    """
    found: dict[str, nn.Module] = {}
    for name, one in given.items():
        if not isinstance(one, Tensor | nn.Module):  # pyright: ignore[reportUnnecessaryIsInstance] - from users
            raise EmbeddingError(
                f"'{name}' is a {type(one).__name__}; what a program passes around is a module or a tensor"
            )
        found[str(name)] = NamedTensor(one) if isinstance(one, Tensor) else one
    return found
