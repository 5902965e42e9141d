"""How sure a measured share is."""

from math import sqrt


def wilson(correct: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval of a share, at 95 % by default.

    Example:
        >>> [round(end, 4) for end in wilson(81, 263)]
        [0.2553, 0.3662]

    References:
        Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    """
    share, square = correct / count, z * z / count
    centre, half = share + square / 2, z * sqrt(share * (1 - share) / count + square / (4 * count))
    return max(0.0, (centre - half) / (1 + square)), min(1.0, (centre + half) / (1 + square))
