"""Continuous values: drawn from their distributions, computed with and compared, in many worlds at once."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import SamplingError
from ..prolog.terms import Struct, Term, to_text

Floats = NDArray[np.float64]

_FUNCTIONS: dict[tuple[str, int], Callable[..., Floats]] = {
    ("+", 2): np.add, ("-", 2): np.subtract, ("*", 2): np.multiply, ("/", 2): np.divide, ("**", 2): np.power,
    ("^", 2): np.power, ("min", 2): np.minimum, ("max", 2): np.maximum, ("mod", 2): np.mod, ("-", 1): np.negative,
    ("+", 1): np.positive, ("abs", 1): np.abs, ("sign", 1): np.sign, ("sqrt", 1): np.sqrt, ("exp", 1): np.exp,
    ("log", 1): np.log, ("sin", 1): np.sin, ("cos", 1): np.cos, ("tan", 1): np.tan, ("atan", 1): np.arctan,
    ("floor", 1): np.floor, ("ceiling", 1): np.ceil, ("round", 1): np.round, ("float", 1): np.positive,
    ("atan2", 2): np.arctan2, ("truncate", 1): np.trunc,
}  # fmt: skip
_COMPARISONS: dict[str, Callable[..., NDArray[np.bool_]]] = {
    "<": np.less, ">": np.greater, "=<": np.less_equal, ">=": np.greater_equal, "=:=": np.equal, "=\\=": np.not_equal,
}  # fmt: skip
_NUMBERS = {"pi": np.pi, "e": np.e, "inf": np.inf, "epsilon": float(np.finfo(float).eps)}


class Values:
    """The values of continuous atoms in some worlds, each drawn when it is first asked for.

    Args:
        densities: From what each atom's value is drawn.
        worlds: How many worlds.
        random: What draws.

    Example:
        >>> heights = {"height(ann)": Struct("normal", (180, 8)), "double": Struct("fixed", (Struct("*", (2, 3)),))}
        >>> values = Values(heights, 1000, np.random.default_rng(0))
        >>> bool(178 < values.of("height(ann)").mean() < 182), values.of("double")[:2].tolist()
        (True, [6.0, 6.0])
    """

    def __init__(self, densities: Mapping[str, Term], worlds: int, random: np.random.Generator) -> None:
        self._densities, self._worlds, self._random = densities, worlds, random
        self._known: dict[str, Floats] = {}
        self._waiting: list[str] = []

    def of(self, atom: str) -> Floats:
        """The value of an atom in each world, ``[N]``.

        Raises:
            SamplingError: if nothing says from what it is drawn, it rests on itself, or a parameter has no place.
        """
        if atom not in self._known:
            distribution = self._densities.get(atom)
            if not isinstance(distribution, Struct):
                raise SamplingError(
                    f"'{atom}' has no value; a continuous fact such as normal(0, 1) :: {atom} gives one"
                )
            if atom in self._waiting:
                raise SamplingError(f"the value of '{atom}' rests on itself")
            self._waiting.append(atom)
            parameters = [self.computed(one) for one in distribution.arguments]
            self._waiting.pop()
            try:
                found = _drawn(distribution.functor, parameters, self._worlds, self._random)
            except ValueError as error:
                shown = to_text(distribution)
                raise SamplingError(f"'{atom}' cannot be drawn from {shown}: {error}") from None
            self._known[atom] = found
        return self._known[atom]

    def computed(self, term: Term) -> Floats:
        """The value of an expression in each world, ``[N]``.

        Raises:
            SamplingError: as :meth:`of`, or if it holds what is no function of numbers.
        """
        if isinstance(term, int | float):
            return np.full(self._worlds, float(term))
        if isinstance(term, Struct):
            if term.functor == "$value" and len(term.arguments) == 1:
                return self.of(to_text(term.arguments[0]))
            if term.functor == "$formula" and len(term.arguments) == 1:
                return self.computed(term.arguments[0])
            if not term.arguments and term.functor in _NUMBERS:
                return np.full(self._worlds, _NUMBERS[term.functor])
            function = _FUNCTIONS.get((term.functor, len(term.arguments)))
            if function is not None:
                with np.errstate(all="ignore"):
                    return function(*(self.computed(one) for one in term.arguments))
        raise SamplingError(f"'{to_text(term)}' is no function of continuous values")

    def holds(self, comparison: Term) -> NDArray[np.bool_]:
        """In which worlds a comparison is true, ``[N]``.

        Raises:
            SamplingError: as :meth:`computed`.
        """
        if not isinstance(comparison, Struct) or comparison.functor not in _COMPARISONS:
            raise SamplingError(f"'{to_text(comparison)}' compares no continuous values")
        left, right = map(self.computed, comparison.arguments)
        return _COMPARISONS[comparison.functor](left, right)


def _drawn(name: str, parameters: Sequence[Floats], worlds: int, random: np.random.Generator) -> Floats:
    """One value for each world; the parameters are those of ProbLog, which are those of Python's ``random``."""
    match name, *parameters:
        case "normal" | "gaussian", mean, spread:
            return random.normal(mean, spread, worlds)
        case "uniform", low, high:
            return random.uniform(low, high, worlds)
        case "exponential", rate:
            return random.exponential(1 / rate, worlds)
        case "gamma", shape, scale:
            return random.gamma(shape, scale, worlds)
        case "beta", one, other:
            return random.beta(one, other, worlds)
        case "poisson", mean:
            return random.poisson(mean, worlds).astype(np.float64)
        case "triangular", low, high, top:
            return random.triangular(low, top, high, worlds)
        case "vonmises", mean, sharpness:
            return random.vonmises(mean, sharpness, worlds)
        case "weibull", scale, shape:
            return scale * random.weibull(shape, worlds)
        case _:  # fixed and constant
            return parameters[0]
