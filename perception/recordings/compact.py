"""40-bit events of ATIS cameras: N-MNIST's and N-Caltech's ``.bin``, and ``.bs2``.

References:
    Orchard et al., "Converting static image datasets to spiking neuromorphic datasets using saccades", 2015.
"""

import numpy as np

from .events import Events, RecordingError, to_events

_OVERFLOW_ROW = 240


def parse_compact(data: bytes, source: str) -> Events:
    """40-bit big-endian events: a byte for x, one for y, one bit of polarity, 23 bits of microseconds.

    An event in row 240, which the camera does not have, is a marker of an overflow: 2^13 microseconds are added to the
    times from there on.

    Raises:
        RecordingError: if the number of bytes is no multiple of five.
    """
    if len(data) % 5:
        raise RecordingError(f"{source}: {len(data)} bytes are no whole number of 5-byte events; the file is cut off")
    table = np.frombuffer(data, np.uint8).reshape(-1, 5)
    marker = table[:, 1] == _OVERFLOW_ROW
    turns = np.cumsum(marker)[~marker]
    table = table[~marker]
    time = (table[:, 2] & 0x7F).astype(np.int64) << 16
    time |= table[:, 3].astype(np.int64) << 8
    time |= table[:, 4]
    return to_events(time + (turns << 13), table[:, 0], table[:, 1], table[:, 2] >> 7, source)
