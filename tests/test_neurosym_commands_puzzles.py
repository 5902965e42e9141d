"""The command solve as a user meets it: names and files, grids, JSON, conflicts, pictures and exit codes."""

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from logic import Domain
from neurosym.checkpoint import save_perception
from neurosym.commands import cli as cli
from neurosym.commands.solving.puzzles import bundled_puzzles
from perception import Percept, SpikingClassifier, draw_board
from tasks.puzzles.puzzle_benchmark import knights_case, tally
from tasks.puzzles.visual_sudoku import reveal


def command(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.app, ["solve", *words])
    return result.exit_code, result.stdout, result.stderr


def test_a_bundled_puzzle_is_solved_by_its_name() -> None:
    code, out, _ = command("sudoku4")
    assert code == 0
    assert out == "Rows =\n  1 3 2 4\n  4 2 3 1\n  2 4 1 3\n  3 1 4 2\nunique: proved that there is no other solution\n"


def test_all_bundled_puzzles_are_named_in_the_error() -> None:
    code, _, err = command("nosuch")
    assert code == 2
    assert all(name in err.replace("\n", " ") for name in bundled_puzzles())
    assert {"sudoku", "zebra", "kenken", "kakuro", "nonogram"} <= set(bundled_puzzles())


def test_json_holds_bindings_and_uniqueness(tmp_path: Path) -> None:
    (tmp_path / "two.pl").write_text("two(X) :- X in 1..3, X #\\= 2.")
    code, out, _ = command(str(tmp_path / "two.pl"), "--json")
    found = json.loads(out)
    assert (code, found["solvable"], found["unique"]) == (0, True, False)
    assert found["bindings"]["X"] in (1, 3)


def test_an_impossible_puzzle_names_its_conflict_in_the_users_words(tmp_path: Path) -> None:
    (tmp_path / "no.pl").write_text("no(Low, High) :-\n    [Low, High] ins 1..9,\n    Low #> High,\n    High #> Low.\n")
    code, out, _ = command(str(tmp_path / "no.pl"))
    assert code == 1
    assert "line 3: Low #> High" in out
    assert "line 4: High #> Low" in out
    assert "line 2" not in out


def test_faults_are_one_line_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "bad.pl").write_text("p(X) :-\n    X #= 1 +.\n")
    code, _, err = command(str(tmp_path / "bad.pl"))
    assert code == 2
    assert "syntax error" in err
    (tmp_path / "empty.pl").write_text("")
    assert command(str(tmp_path / "empty.pl"))[0] == 2
    code, _, err = command("sudoku", "--image", str(tmp_path / "board.png"))
    assert (code, "--model" in err) == (2, True)


def test_without_time_the_exit_code_says_so() -> None:
    assert command("sudoku", "--timeout", "0")[0] == 3


def test_a_board_is_read_repaired_and_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in reader takes each cell's grey for its digit and errs in one; the rules mend it."""
    puzzle = "000000010400000000020000000000050407008000300001090000300400200050100000000806000"
    solution = "693784512487512936125963874932651487568247391741398625319475268856129743274836159"
    shown = reveal(puzzle, solution, 36, torch.Generator().manual_seed(0))
    assert sum(map(bool, shown)) == 36
    cells = torch.zeros(81, 1, 28, 28, dtype=torch.uint8)
    for cell, value in enumerate(shown):
        cells[cell, :, 4:-4, 4:-4] = 150 + 10 * value if value else 0
    wrong = next(cell for cell, value in enumerate(shown) if value)
    cells[wrong, :, 4:-4, 4:-4] = 150 + 10 * (shown[wrong] % 9 + 1)

    def forward(self: SpikingClassifier, pictures: torch.Tensor) -> Percept:
        from logic import Symbols

        value = (pictures[:, :, 0, 14, 14].int() - 150) / 10
        logits = -3 * (value[..., None] - torch.arange(10)).abs()
        return Percept(Symbols(self.domain, logits.log_softmax(dim=2)), {})

    monkeypatch.setattr(SpikingClassifier, "forward", forward)
    draw_board(cells, tmp_path / "board.png")
    save_perception(
        SpikingClassifier(Domain("digit", range(10)), torch.Generator().manual_seed(0)), tmp_path / "model.safetensors"
    )
    words = ("sudoku", "--image", str(tmp_path / "board.png"), "--model", str(tmp_path / "model.safetensors"))
    code, out, _ = command(*words, "--json", "--drawing", str(tmp_path / "board.svg"))
    found = json.loads(out)
    assert code == 0
    assert "".join(str(cell) for row in found["bindings"]["Rows"] for cell in row) == solution
    assert [(r["slot"], r["seen"], r["taken"]) for r in found["repaired"]] == [
        (wrong, shown[wrong] % 9 + 1, shown[wrong])
    ]
    assert found["proved_optimal"]
    drawn = ElementTree.parse(tmp_path / "board.svg").getroot()
    assert sum(element.get("fill") == "#fdd" for element in drawn) == 1
    assert f"{shown[wrong] % 9 + 1} -> {shown[wrong]}" in command(*words)[1]
    code, _, err = command("sudoku", "sudoku(Rows)", *words[1:])
    assert (code, "reads no cell of the picture" in err) == (2, True)


def test_knights_and_knaves_are_posed_as_they_are_stated() -> None:
    claims = (
        ("<=>", ("telling-truth", 2), ("telling-truth", 0)),
        ("or", ("telling-truth", 1), ("telling-truth", 2)),
        ("<=>", ("lying", 0), ("lying", 1)),
    )
    right = tally([knights_case(claims, [True, True, True])] * 2)
    assert (right.right, right.unique, right.failures) == (2, 2, [])
    assert tally([knights_case(claims, [True, True, False])] * 2).failures == [0, 1]


def test_limits_are_raised_from_the_command(tmp_path: Path) -> None:
    """What has too many ways through its rules to be posted as a whole is run."""
    (tmp_path / "many.pl").write_text("p(X) :- between(1, 1500, X), X #> 0.")
    code, out, _ = command(str(tmp_path / "many.pl"))
    assert (code, "not unique: there are other answers" in out) == (0, True)
    code, out, _ = command(str(tmp_path / "many.pl"), "--limit", "answers=2000")
    assert (code, "not unique: there are other solutions" in out) == (0, True)


def test_a_goal_that_prints_or_collects_is_run(tmp_path: Path) -> None:
    """Printing comes first, then the answer, then who found it; escape sequences are shown, not obeyed."""
    (tmp_path / "helper.pl").write_text(":- module(helper, [twice/2]).\ntwice(X, Y) :- Y #= 2 * X.\n")
    (tmp_path / "go.pl").write_text(
        ":- use_module(library(clpfd)).\n:- use_module(helper).\n"
        'go(L) :- findall(X-Y, ( X in 1..2, twice(X, Y), label([X]) ), L), format("~w\\x1b\\[31m~n", [L]).'
    )
    code, out, _ = command(str(tmp_path / "go.pl"), "go(L)")
    assert code == 0
    assert out.splitlines() == [
        "[1-2,2-4]\\x1b[31m",
        "L = [-(1,2), -(2,4)]",
        "by SWI-Prolog's library(clpfd); 2 labellings checked",
        "other answers were not looked for; --all finds them",
    ]
    (tmp_path / "two.pl").write_text("p(X) :- X in 1..9, X * X #< 20.")
    assert command(str(tmp_path / "two.pl"), "p(X)", "--count")[1].splitlines()[-1] == "4 answers in all"
    assert "X = 4" in command(str(tmp_path / "two.pl"), "p(X)", "--all")[1]
    code, out, _ = command(str(tmp_path / "go.pl"), "(go(_), fail)", "--json")
    assert (code, json.loads(out)["printed"][:9]) == (1, "[1-2,2-4]")
    code, _, err = command(str(tmp_path / "go.pl"), "(member(G, [shell(ls)]), G)")
    assert (code, "shell/1" in err) == (2, True)
    code, _, err = command(str(tmp_path / "go.pl"))
    assert (code, "say what is asked" in " ".join(err.split())) == (2, True)
