"""AEDAT 2.0 (jAER) and 3.1 (cAER), which are plain bytes behind lines of text.

References:
    iniVation, "AEDAT file formats" (2.0: 32-bit address and time; 3.1: packets of polarity events).
"""

import re
import struct

import numpy as np

from .events import Events, RecordingError, to_events, unwrapped

_HEADER_LINE = re.compile(rb"#[\t\x20-\x7e]*\r?\n")  # of AEDAT 2; an event may begin with '#', too
_POLARITY_EVENT = 1
_PACKET_HEADER = struct.Struct("<hhiiiiii")  # kind, source, event size, time offset, overflow, capacity, number, valid


def parse_aedat2(data: bytes, source: str) -> Events:
    """Pairs of 32-bit big-endian address and time; the address of a DVS128, or of a DAVIS if the header names one.

    Raises:
        RecordingError: if it is cut off.
    """
    start = 0
    while line := _HEADER_LINE.match(data, start):
        start = line.end()
        if line.group().startswith(b"#End Of ASCII Header"):
            break
    if (len(data) - start) % 8:
        raise RecordingError(f"{source}: {len(data) - start} bytes are no whole number of 8-byte events; it is cut off")
    table = np.frombuffer(data, ">u4", offset=start).reshape(-1, 2)
    if re.search(rb"davis", data[:start], re.IGNORECASE):
        table = table[(table[:, 0] >> 31 | table[:, 0] >> 10 & 1) == 0]  # neither a grey value nor a trigger
        address = table[:, 0]
        x, y, bright = address >> 12 & 0x3FF, address >> 22 & 0x1FF, address >> 11 & 1
    else:
        address = table[:, 0] & 0xFFFF
        table, address = table[address >> 15 == 0], address[address >> 15 == 0]  # no trigger
        x, y, bright = address >> 1 & 0x7F, address >> 8 & 0x7F, 1 - (address & 1)  # a DVS128 sends 0 for brighter
    return to_events(unwrapped(table[:, 1], 32), x, y, bright, source)


def parse_aedat3(data: bytes, source: str) -> Events:
    """Packets with a little-endian header each; events other than polarity events and invalid ones are passed over.

    Raises:
        RecordingError: if a packet is damaged or cut off.
    """
    mark = b"#!END-HEADER"
    place = data.find(b"\n", data.find(mark)) + 1
    if mark not in data or not place:
        raise RecordingError(f"{source}: the header has no end; the file is cut off or damaged")
    addresses, times = [np.empty(0, np.uint32)], [np.empty(0, np.int64)]
    while place < len(data):
        if len(data) - place < _PACKET_HEADER.size:
            raise RecordingError(f"{source}: the packet at byte {place} is cut off; get the file again")
        kind, _, size, _, overflow, _, count, _ = _PACKET_HEADER.unpack_from(data, place)
        place += _PACKET_HEADER.size
        if size < 0 or count < 0 or place + size * count > len(data):
            raise RecordingError(f"{source}: the packet before byte {place} is cut off; get the file again")
        if kind == _POLARITY_EVENT:
            if size != 8:
                raise RecordingError(f"{source}: polarity events of {size} bytes, expected 8; the file is damaged")
            packet = np.frombuffer(data, "<u4", 2 * count, place).reshape(-1, 2)
            packet = packet[packet[:, 0] & 1 == 1]
            addresses.append(packet[:, 0])
            times.append(packet[:, 1].astype(np.int64) + (overflow << 31))
        place += size * count
    address = np.concatenate(addresses)
    x, y, bright = address >> 17 & 0x7FFF, address >> 2 & 0x7FFF, address >> 1 & 1
    return to_events(np.concatenate(times), x, y, bright, source)
