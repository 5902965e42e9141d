"""Small wrongs done to files: cuts, copies, swaps, changed numbers, and tokens of the language put in wrong places."""

import json
import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Files = tuple[bytes, ...]
"""An input: the contents of one file, or of files that belong together."""

NUMBERS = (b"0", b"-1", b"1", b"2", b"255", b"65536", b"999999999", b"99999999999999999999", b"1e308", b"0.5", b"nan")
_WORDS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 40, (1 << 63) - 1, (1 << 64) - 1)
_VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1,
    1 << 20,
    1 << 40,
    10**30,
    0.5,
    1e308,
    "",
    "x",
    "\0",
    [],
    {},
    [[]],
    [0] * 9,
)


def mutate_text(data: bytes, generator: np.random.Generator, tokens: Sequence[bytes]) -> bytes:
    """The text after a few wrongs."""
    for _ in range(int(generator.geometric(0.6))):
        at, other = sorted(int(place) for place in generator.integers(0, len(data) + 1, 2))
        piece = data[at : min(other, at + 64)]
        token = (*tokens, *NUMBERS)[int(generator.integers(len(tokens) + len(NUMBERS)))]
        match int(generator.integers(8)):
            case 0:
                data = data[:at]
            case 1:
                data = data[:at] + data[at + len(piece) :]
            case 2:
                data = data[:at] + piece * int(generator.integers(1, 20)) + data[at:]
            case 3:
                data = data[:at] + bytes([int(generator.integers(256))]) + data[at + 1 :]
            case 4:
                data = data[:at] + token + data[at:]
            case 5:
                data = data[:at] + token * int(generator.integers(1, 200)) + data[at:]
            case 6:
                lines = data.split(b"\n")
                generator.shuffle(lines)  # pyright: ignore[reportArgumentType]
                data = b"\n".join(lines)
            case _:
                start = data[:at].rfind(b" ") + 1  # a number or name becomes another token
                data = data[:start] + token + data[at:]
    return data


def mutate_bytes(data: bytes, generator: np.random.Generator) -> bytes:
    """The bytes after a few wrongs; numbers of one to eight bytes become extreme ones, early bytes more often."""
    for _ in range(int(generator.geometric(0.5))):
        reach = len(data) if generator.random() < 0.5 else min(len(data), 256)
        at = int(generator.integers(0, reach + 1))
        width = int(generator.choice([1, 2, 4, 8]))
        match int(generator.integers(6)):
            case 0:
                data = data[:at]
            case 1:
                data = data[:at] + data[at + int(generator.integers(1, 64)) :]
            case 2:
                data = data[:at] + data[at : at + 64] * int(generator.integers(1, 9)) + data[at:]
            case 3:
                data = data[:at] + generator.bytes(width) + data[at + width :]
            case _:
                word = _WORDS[int(generator.integers(len(_WORDS)))] & ((1 << 8 * width) - 1)
                order = "little" if generator.random() < 0.5 else "big"
                data = data[:at] + word.to_bytes(width, order) + data[at + width :]
    return data


def mutate_json(data: bytes, generator: np.random.Generator) -> bytes:
    """The same JSON with one value, or the name of one, changed; it stays JSON."""
    content = json.loads(data)
    places: list[tuple[Any, Any]] = []

    def collect(value: Any) -> None:
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            places.append((value, key))
            if isinstance(value[key], dict | list):
                collect(value[key])

    if isinstance(content, dict | list):
        collect(content)
    for _ in range(int(generator.geometric(0.7)) if places else 0):
        holder, key = places[int(generator.integers(len(places)))]
        if isinstance(holder, dict) and generator.random() < 0.2:
            holder.pop(key, None)
        elif isinstance(holder, list) and generator.random() < 0.2:
            holder.extend(holder[:9])
        elif isinstance(holder, dict) or key < len(holder):
            holder[key] = _VALUES[int(generator.integers(len(_VALUES)))]
    return json.dumps(content).encode()


def mutate_header(data: bytes, generator: np.random.Generator) -> bytes:
    """A safetensors file whose header says something else; its length is put right."""
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    if generator.random() < 0.7 and "neurosym" in header.get("__metadata__", {}):
        told = mutate_json(header["__metadata__"]["neurosym"].encode(), generator)
        header["__metadata__"]["neurosym"] = told.decode()
        changed = json.dumps(header).encode()
    else:
        changed = mutate_json(json.dumps(header).encode(), generator)
    return struct.pack("<Q", len(changed)) + changed + data[8 + size :]


def repair_png(data: bytes) -> bytes:
    """The same chunks with right checksums, so that what they hold is looked at."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    found, at = [data[:8]], 8
    while at + 12 <= len(data):
        size = struct.unpack(">I", data[at : at + 4])[0]
        body = data[at + 4 : at + 8 + size]
        if len(data) < at + 12 + size:
            return b"".join(found) + data[at:]
        found += [data[at : at + 4], body, struct.pack(">I", zlib.crc32(body))]
        at += 12 + size
    return b"".join(found) + data[at:]


def minimize(files: Files, still: Callable[[Files], bool], tries: int = 300) -> Files:
    """Smaller files that are still wrong in the same way: pieces are left out, large ones first.

    Args:
        files: To begin with.
        still: Whether an input is wrong in the same way.
        tries: How often to ask.
    """
    for number in range(len(files)):
        size = max(1, len(files[number]) // 2)
        while size and tries:
            at = 0
            while at < len(files[number]) and tries:
                tries -= 1
                shorter = files[number][:at] + files[number][at + size :]
                tried = (*files[:number], shorter, *files[number + 1 :])
                if still(tried):
                    files = tried
                else:
                    at += size
            size //= 2
    return files
