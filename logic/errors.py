"""The errors that every package raises: what is wrong, what was given, what to do."""


class NeurosymError(Exception):
    """Base of all errors of ours; the command line prints its text alone and exits with 2."""


class CircuitError(NeurosymError, ValueError):
    """A circuit that cannot be built, read or evaluated."""


class FormatError(CircuitError):
    """A file or text that does not hold a circuit in its format; the text names the file and the line."""


class FormatWarning(UserWarning):
    """Something in a circuit file that is read or written as its text says, not as its words stand there."""


class NetworkError(NeurosymError, ValueError):
    """A spiking network that cannot be built, simulated, read or written."""


class IrregularError(NetworkError):
    """A threshold sum with too many different partial sums to be written as a circuit; use smaller weights."""


class DomainError(NeurosymError, ValueError):
    """An unknown domain, a value outside a domain, or a belief that does not fit one."""


class LearningError(NeurosymError, ValueError):
    """Something that cannot be learned as asked: a truth table, a rule's constants or a set of examples."""
