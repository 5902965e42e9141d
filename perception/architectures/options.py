"""New values for fields of a preset or its plan, checked against what the fields are for."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from .layers import ArchitectureError

_MAY_BE_ZERO = ("stem_width", "hidden", "inner", "scale", "gamma")


def check_options(name: str, owner: Any, options: Mapping[str, Any]) -> None:
    """Refuses values of the wrong kind for fields of a dataclass.

    Args:
        name: Of the model, for the message.
        owner: The dataclass whose fields they are.
        options: New values.

    Raises:
        ArchitectureError: that names the option, what was given and what can be.
    """
    kinds = get_type_hints(type(owner))
    for field in fields(owner):
        if field.name in options:
            value = options[field.name]
            wanted = _wanted(field.name, kinds[field.name], value)
            if wanted:
                raise ArchitectureError(f"model {name!r}: option {field.name!r} must be {wanted}, got {value!r}")


def _wanted(field: str, kind: Any, value: Any) -> str:
    """What the value should be, or nothing if it is."""
    if get_origin(kind) is Literal:
        return "" if value in get_args(kind) else f"one of {', '.join(get_args(kind))}"
    if kind is bool:
        return "" if isinstance(value, bool) else "true or false"
    if kind is int:
        least = 0 if field in _MAY_BE_ZERO else 1
        right = isinstance(value, int) and not isinstance(value, bool) and value >= least
        return "" if right else f"a whole number, {least} or more"
    if kind is float:
        right = isinstance(value, int | float) and not isinstance(value, bool)
        return "" if right else "a number"
    if get_origin(kind) is tuple:
        return "" if isinstance(value, list | tuple) and len(value) else "a list that is not empty"
    return ""
