"""Random BLIF, EBLIF and KISS2 as SIS and VPR write them, and the same as texts that independent readers know."""

import numpy as np

from .netlist_texts import Draft, Generator, before, cover, draft, pick, shuffled, some

GENLIB = """GATE zero 0 O=CONST0;
GATE one 0 O=CONST1;
GATE inv 1 O=!a; PIN * INV 1 999 1.0 0.0 1.0 0.0
GATE buf 1 O=a; PIN * NONINV 1 999 1.0 0.0 1.0 0.0
GATE nand2 2 O=!(a*b); PIN * INV 1 999 1.0 0.0 1.0 0.0
GATE nor3 3 O=!(a+b+c); PIN * INV 1 999 1.0 0.0 1.0 0.0
GATE xor2 5 O=a*!b+!a*b; PIN * UNKNOWN 1 999 1.0 0.0 1.0 0.0
GATE aoi21 3 O=!(a*b+c); PIN * INV 1 999 1.0 0.0 1.0 0.0
GATE oai22 4 Y=!((p+q)*(r+s)); PIN * INV 1 999 1.0 0.0 1.0 0.0
GATE mux 4 Z=s*d1+!s*d0; PIN * UNKNOWN 1 999 1.0 0.0 1.0 0.0
"""
LIBERTY = "library (cells) {{\n{}}}\n".format(
    "".join(
        "  cell (\"{}\") {{\n    area : 1.0;\n{}    pin ({}) {{\n      direction : output;\n"
        "      function : \"{}\"; timing () {{ related_pin : \"a\"; }}\n    }}\n  }}\n".format(
            name, "".join(f"    pin ({pin}) {{ direction : input; }}\n" for pin in pins.split()), output, function
        )
        for name, pins, output, function in (
            ("zero", "", "O", "0"), ("one", "", "O", "1"), ("inv", "a", "O", "a'"), ("buf", "a", "O", "(a)"),
            ("nand2", "a b", "O", "(a b)'"), ("nor3", "a b c", "O", "!(a | b | c)"), ("xor2", "a b", "O", "a ^ b"),
            ("aoi21", "a b c", "O", "!((a & b) + c)"), ("oai22", "p q r s", "Y", "((p + q) * (r + s))'"),
            ("mux", "s d0 d1", "Z", "s d1 + s' d0"),
        )
    )
)  # fmt: skip
_PINS = {
    "zero": ("", "O"), "one": ("", "O"), "inv": ("a", "O"), "buf": ("a", "O"), "nand2": ("a b", "O"),
    "nor3": ("a b c", "O"), "xor2": ("a b", "O"), "aoi21": ("a b c", "O"), "oai22": ("p q r s", "Y"),
    "mux": ("s d0 d1", "Z"),
}  # fmt: skip


def gates(random: Generator) -> bytes:
    """Cells of the library and registers; ABC dies of covers among cells."""
    plan = draft(random, random.random() < 0.4)
    body: list[str] = []
    for at, gate in enumerate(plan.gates):
        known = before(plan, at)
        cell = pick(random, list(_PINS))
        pins, output = _PINS[cell]
        ports = [f"{pin}={pick(random, known)}" for pin in pins.split()] + [f"{output}={gate}"]
        body.append(f".gate {cell} {' '.join(ports)}")
    return _model(random, plan, body)


def mapped_verilog(random: Generator) -> bytes:
    """Cells of the library as an instance each, their ports by name in any order."""
    plan = draft(random, False)
    body: list[str] = []
    for at, gate in enumerate(plan.gates):
        known = before(plan, at)
        cell = pick(random, [name for name in _PINS if name != "buf"])  # a word of Verilog
        pins, output = _PINS[cell]
        ports = [f".{pin}({pick(random, known)})" for pin in pins.split()] + [f".{output}({gate})"]
        body.append(f"  {cell} g{at}({', '.join(shuffled(random, ports))});")
    outputs = [f"y{at}" for at, _ in enumerate(plan.outputs)]
    body += [f"  assign {output} = {name};" for output, name in zip(outputs, plan.outputs, strict=True)]
    heads = [
        f"module top({', '.join((*plan.inputs, *outputs))});",
        f"  input {', '.join(plan.inputs)};",
        f"  output {', '.join(outputs)};",
        f"  wire {', '.join(plan.gates)};",
    ]
    return "\n".join((*heads, *shuffled(random, body), "endmodule", "")).encode()


def eblif(random: Generator) -> bytes:
    """Models within models, connections, and words that say nothing of functions."""
    plan = draft(random, random.random() < 0.5)
    body: list[str] = []
    inner: list[str] = []
    for at, gate in enumerate(plan.gates):
        known = before(plan, at)
        said = pick(random, ("", "\n.attr src a.v:1", "\n.attr keep 1", f"\n.cname u{at}"))  # yosys: of cells only
        way = random.random()
        if way < 0.2:
            body.append(f".conn {pick(random, known)} {gate}")
        elif way < 0.45:
            reads = some(random, known, 1, 3)
            ports = " ".join(f"P{place}={wire}" for place, wire in enumerate(reads))
            body.append(f".subckt outer{at} {ports} Y={gate}{said}")
            inner += _nested(random, at, len(reads))
        else:
            reads = some(random, known, 1, 4)
            body.append("\n".join([f".names {' '.join([*reads, gate])}", *cover(random, len(reads))]))
    return _model(random, plan, body) + "\n".join([*inner, ""]).encode()


def _nested(random: Generator, number: int, width: int) -> list[str]:
    """A model with another one in it."""
    ports = [f"P{place}" for place in range(width)]
    given = " ".join(f"{port}={port}" for port in ports)
    outer = [f".model outer{number}", f".inputs {' '.join(ports)}", ".outputs Y"]
    outer += [f".subckt inner{number} {given} Q=t", f".names t {ports[0]} Y", *cover(random, 2), ".end"]
    inside = [f".model inner{number}", f".inputs {' '.join(ports)}", ".outputs Q", f".names {' '.join(ports)} t"]
    return [*outer, *inside, *cover(random, width), ".names t Q", "0 1", ".end"]


def exdc(random: Generator) -> bytes:
    """Covers, and where some of the outputs are free."""
    plan = draft(random, False)
    body = []
    for at, gate in enumerate(plan.gates):
        reads = some(random, before(plan, at), 1, 4)
        body.append("\n".join([f".names {' '.join([*reads, gate])}", *cover(random, len(reads))]))
    free = [".exdc", *(line for line in _free(random, plan))]
    return _model(random, plan, body).replace(b".end\n", "\n".join([*free, ".end", ""]).encode())


def _free(random: Generator, plan: Draft) -> list[str]:
    wires = list(plan.inputs)
    lines: list[str] = []
    for at in range(int(random.integers(4))):
        reads = some(random, wires, 1, 3)
        lines += [f".names {' '.join([*reads, f'dc{at}'])}", *cover(random, len(reads))]
        wires.append(f"dc{at}")
    for name in some(random, plan.outputs, 1, 3):
        reads = some(random, wires, 1, 3)
        lines += [f".names {' '.join([*reads, name])}", *cover(random, len(reads))]
    return lines


def free_part(text: str) -> str:
    """What ``.exdc`` says of a text, as a model of its own."""
    head, _, free = text.partition(".exdc\n")
    inputs = head[head.index(".inputs") : head.index(".outputs")]
    heads = [line.split()[-1] for line in free.splitlines() if line.startswith(".names")]
    outputs = [name for name in head[head.index(".outputs") :].splitlines()[0].split()[1:] if name in heads]
    return f".model free\n{inputs}.outputs {' '.join(outputs)}\n{free}"


def _model(random: Generator, plan: Draft, body: list[str]) -> bytes:
    """A model with its registers."""
    lines = list(body)
    for register, first in plan.registers.items():
        following = pick(random, [name for name in before(plan, len(plan.gates)) if name != register])
        lines.append(f".latch {following} {register} {2 if first is None else first}")
    head = [".model top", f".inputs {' '.join(plan.inputs)}", f".outputs {' '.join(plan.outputs)}"]
    return "\n".join([*head, *shuffled(random, lines), ".end", ""]).encode()


def kiss(random: Generator) -> bytes:
    """A machine whose rows say everything once."""
    inputs, outputs, states = (int(random.integers(low, high)) for low, high in ((1, 5), (1, 4), (2, 9)))
    rows: list[str] = []
    for state in range(states):
        cubes = ["-" * inputs]
        while random.random() < 0.8 and any("-" in cube for cube in cubes):
            cube = pick(random, [one for one in cubes if "-" in one])
            at = pick(random, [place for place, mark in enumerate(cube) if mark == "-"])
            cubes.remove(cube)
            cubes += [cube[:at] + value + cube[at + 1 :] for value in "01"]
        for cube in cubes:
            values = "".join(pick(random, "01") for _ in range(outputs))
            rows.append(f"{cube} s{state} s{random.integers(states)} {values}")
    named = {word: None for row in rows for word in row.split()[1:3]}
    head = [f".i {inputs}", f".o {outputs}"]
    if random.random() < 0.5:
        rows = shuffled(random, rows)
        named = {word: None for row in rows for word in row.split()[1:3]}
    head += [f".p {len(rows)}", f".s {len(named)}"][: int(random.integers(3))]
    if random.random() < 0.6:
        head.append(f".r {pick(random, list(named))}")
    return "\n".join([*head, *rows, ".e", ""]).encode()


def kiss_as_verilog(text: str) -> str:
    """A machine as a Verilog module, row by row; states in binary in the order of their names, the first one 0."""
    rows = [line.split() for line in text.splitlines() if line and line[0] in "01-"]
    reset = next((line.split()[1] for line in text.splitlines() if line.startswith(".r")), rows[0][1])
    codes = {name: code for code, name in enumerate({reset: None} | {word: None for row in rows for word in row[1:3]})}
    width = max(1, int(np.ceil(np.log2(len(codes)))))
    inputs, outputs = len(rows[0][0]), len(rows[0][3])
    state = [f"state_{bit}" for bit in range(width)]
    ports = ["input clk", *(f"input i{at}" for at in range(inputs)), *(f"output reg o{at}" for at in range(outputs))]
    joined = ", ".join(reversed(state))
    lines = [f"module top({', '.join(ports)});", f"reg {', '.join(f'{name} = 0' for name in state)};"]
    lines += [f"reg [{width - 1}:0] following;", "always @* begin", "following = 0;"]
    lines += [f"o{at} = 0;" for at in range(outputs)]
    for marks, here, after, values in rows:
        tests = [f"i{at} == {mark}" for at, mark in enumerate(marks) if mark != "-"]
        tests.append(f"{{{joined}}} == {codes[here]}")
        sets = [f"following = {codes[after]};", *(f"o{at} = {value};" for at, value in enumerate(values))]
        lines.append(f"if ({' && '.join(tests)}) begin {' '.join(sets)} end")
    return "\n".join([*lines, "end", f"always @(posedge clk) {{{joined}}} <= following;", "endmodule", ""])
