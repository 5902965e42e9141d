"""What every row of the table of formats fulfils, so that a new format is tested by being there."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from logic import Circuit, CircuitBuilder, FormatError
from logic.errors import FormatWarning
from logic.evaluation import clock
from logic.formats import FORMATS, format_circuit, parse_circuit, read_circuit, readable_suffixes, write_circuit
from logic.formats.format import Format
from logic.roles import Role

READABLE = [row for row in FORMATS if row.read]
BOTH = [row for row in FORMATS if row.read and row.write]


def by_name(row: Format) -> str:
    return row.name


def answers(circuit: Circuit) -> list[list[int]]:
    """Outputs and next states for the same random inputs and states."""
    generator = np.random.default_rng(3)
    words = generator.integers(0, 2**64, (len(circuit.inputs), 4), dtype=np.uint64)
    state = generator.integers(0, 2**64, (len(circuit.register_names), 4), dtype=np.uint64)
    return [ends.tolist() for ends in clock(circuit, words, state)]


def gates() -> Circuit:
    """Every kind of gate, wide and narrow, constants, and an output that is an input."""
    make = CircuitBuilder()
    a, b, c, d, e = leaves = make.inputs("a", "b", "c", "d", "e")
    return make.build(
        wide=~make.majority(*leaves),
        parity=a ^ b ^ c ^ ~d,
        mixed=(a & ~b) | (c & d & ~e),
        yes=~make.false,
        copy=a,
        no=~b,
    )


def refusal(row: Format, circuit: Circuit) -> str:
    """What a format's writer says against a circuit, if anything."""
    try:
        format_circuit(circuit, row.suffixes[0])
    except FormatError as error:
        return str(error)
    return ""


class TestFormat:
    """Each row, as far as it can be read or written."""

    @pytest.mark.parametrize("row", FORMATS, ids=by_name)
    def test_it_says_what_it_is(self, row: Format) -> None:
        """Name, suffixes and limits are there."""
        assert row.name
        assert row.lacks.endswith(".")
        assert all(suffix.isalnum() and suffix.islower() for suffix in row.suffixes)
        assert row.read or row.write

    @pytest.mark.parametrize("row", [row for row in FORMATS if row.write], ids=by_name)
    def test_its_files_bear_its_mark(self, row: Format) -> None:
        """A file of another kind does not."""
        assert not re.match(row.mark, b"The only copy of a thesis.")
        assert re.match(row.mark, row.example)
        assert re.match(row.mark, format_circuit(gates(), row.suffixes[0]))

    @pytest.mark.parametrize("row", FORMATS, ids=by_name)
    def test_no_other_has_its_suffixes(self, row: Format) -> None:
        """A suffix says the format."""
        others = {suffix for other in FORMATS if other is not row for suffix in other.suffixes}
        assert others.isdisjoint(row.suffixes)

    @pytest.mark.parametrize("row", READABLE, ids=by_name)
    def test_its_example_is_read_from_text_and_file(self, row: Format, tmp_path: Path) -> None:
        """Whatever the case of the suffix, from a path or a string."""
        for suffix in row.suffixes:
            circuit = parse_circuit(row.example, suffix)
            path = tmp_path / f"example.{suffix.upper()}"
            path.write_bytes(row.example)
            assert circuit.output_names
            assert answers(read_circuit(str(path))) == answers(read_circuit(path)) == answers(circuit)

    @pytest.mark.parametrize("row", BOTH, ids=by_name)
    def test_what_is_written_is_read_again(self, row: Format, tmp_path: Path) -> None:
        """The round trip keeps names, first values and the function."""
        path = tmp_path / f"circuit.{row.suffixes[0]}"
        for circuit in (gates(), parse_circuit(row.example, row.suffixes[0])):
            write_circuit(circuit, path)
            back = read_circuit(path)
            assert (back.inputs, back.register_names) == (circuit.inputs, circuit.register_names)
            assert back.register_initial.tolist() == circuit.register_initial.tolist()
            assert answers(back) == answers(circuit)
            assert [path.name] == [other.name for other in tmp_path.iterdir()]

    @pytest.mark.parametrize("row", READABLE, ids=by_name)
    @pytest.mark.parametrize("damage", [b"", b"\n\n", b"\xff\xfe", b"?!", b"\0\0\0\0"])
    def test_damage_is_one_error_that_names_the_file(self, row: Format, damage: bytes, tmp_path: Path) -> None:
        """And nothing but that error."""
        path = tmp_path / f"damaged.{row.suffixes[0]}"
        path.write_bytes(damage)
        with pytest.raises(FormatError, match=r"damaged\.\w+(:\d+)?: "):
            read_circuit(path)

    @pytest.mark.parametrize("row", READABLE, ids=by_name)
    def test_a_cut_or_disturbed_example_is_read_or_refused_with_its_place(self, row: Format) -> None:
        """At every byte."""
        places = 0
        for cut in range(1, len(row.example)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FormatWarning)
                try:
                    parse_circuit(row.example[:cut] + b"\n$\n", row.suffixes[0])
                except FormatError as error:
                    places += bool(re.match(r"<text>(:\d+|: byte \d+|: line \d+)", str(error)))
        assert places > 0

    @pytest.mark.parametrize("row", BOTH, ids=by_name)
    def test_it_refuses_what_it_lacks_in_one_sentence_or_keeps_it(self, row: Format) -> None:
        """Properties and first values."""
        bad = parse_circuit("aag 1 1 0 0 0 1\n2\n2\ni0 a\nb0 x\n", "aag")
        late = parse_circuit("aag 2 1 1 1 0\n2\n4 2 1\n4\n", "aag")
        free = parse_circuit("aag 2 1 1 1 0\n2\n4 2 4\n4\n", "aag")
        for circuit in (bad, late, free):
            message = refusal(row, circuit)
            if message:
                assert "\n" not in message
                assert "write" in message  # what to do instead
            else:
                back = parse_circuit(format_circuit(circuit, row.suffixes[0]), row.suffixes[0])
                assert back.register_initial.tolist() == circuit.register_initial.tolist()
                assert back.roles == circuit.roles

    @pytest.mark.parametrize("row", BOTH, ids=by_name)
    def test_names_it_cannot_hold_are_mended_and_told(self, row: Format) -> None:
        """Blanks and letters beyond ASCII."""
        make = CircuitBuilder()
        a, b = make.inputs("a b", "a_b")
        circuit = make.build_from({"é": a & ~b, "plain": a})
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", FormatWarning)
            back = parse_circuit(format_circuit(circuit, row.suffixes[0]), row.suffixes[0])
        kept = (back.inputs, back.output_names) == (circuit.inputs, circuit.output_names)
        assert kept != any("is written as" in str(warning.message) for warning in told)
        assert len({*back.inputs}) == 2
        assert answers(back) == answers(circuit)


def test_a_wrong_suffix_names_a_similar_one(tmp_path: Path) -> None:
    with pytest.raises(
        FormatError, match=r"adder\.bliff: unknown format 'bliff'; did you mean 'blif'\? known: aag, aig"
    ):
        parse_wrong(tmp_path / "adder.bliff")
    with pytest.raises(FormatError, match=r"cannot write the format 'dto'; did you mean 'dot'\? known: "):
        write_circuit(gates(), tmp_path / "adder.dto")
    assert not (tmp_path / "adder.dto").exists()


def parse_wrong(path: Path) -> Circuit:
    path.write_text("x")
    return read_circuit(path)


def test_nothing_else_lists_the_suffixes() -> None:
    root = Path(__file__).parent.parent
    lists = re.compile(rf"""(["']\.?(?:{"|".join(readable_suffixes())})["'],? *){{4,}}""")
    files = [file for room in ("logic", "neurosym", "tasks") for file in (root / room).rglob("*.py")]
    assert [str(file) for file in files if lists.search(file.read_text(encoding="utf-8"))] == []


def test_roles_are_the_letters_of_aiger() -> None:
    assert [role[0] for role in Role] == ["o", "b", "c", "j", "f"]
