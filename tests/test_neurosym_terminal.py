"""What a terminal is shown: text of others stays text."""

import json

import pytest
from hypothesis import given, strategies as st

from neurosym import terminal
from neurosym.terminal import complain, plain, say_json, say_rows

HOSTILE = "\x1b[31mred\x1b[0m \x07 \u202eesrever \u200b [bold]b[/] :smile: \x9b2J \ud800"


@given(st.text(st.characters(), max_size=50))
def test_nothing_that_a_terminal_obeys_passes(text: str) -> None:
    shown = plain(text)
    assert all(ord(character) >= 32 or character in "\t\n" for character in shown)
    assert not set(shown) & {chr(code) for code in (*range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A))}
    shown.encode()  # no half of a surrogate pair
    if text.isascii() and text.isprintable():
        assert shown == text


def test_long_lines_are_cut_and_say_so() -> None:
    assert plain("short\n" + "x" * 5000, 100).splitlines() == ["short", "x" * 100 + "... (4,900 more characters)"]
    assert plain("x" * 5000) == "x" * 5000


def test_errors_show_hostile_text_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    complain(f"name {HOSTILE}" + "x" * 10_000)
    shown = capsys.readouterr().err
    expected = r"name \x1b[31mred\x1b[0m \x07 \u202eesrever \u200b [bold]b[/] :smile: \x9b2J \ud800xxx"
    assert shown.startswith(f"Error: {expected}")
    assert shown.count("\n") == 1
    assert len(shown) < 2_100


def test_tables_show_hostile_text_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    say_rows([{"name": HOSTILE, "count": 3}, {"name": "b", "count": None}], as_json=False)
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert ":smile:" in shown
    assert "[bold]b[/]" in shown


def test_json_is_whole_lines_whatever_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    say_json({"text": HOSTILE, "long": "word " * 100})
    out = capsys.readouterr().out
    assert json.loads(out) == {"text": HOSTILE, "long": "word " * 100}
    assert out.isascii()


def test_only_a_screen_cuts_answers(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    terminal.say("y" * 5000)
    assert capsys.readouterr().out == "y" * 5000 + "\n"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    terminal.say("y" * 5000)
    assert "more characters" in capsys.readouterr().out
