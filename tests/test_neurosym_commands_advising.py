"""advise: two figures with intervals, the survey where it is contradicted, and a refusal where figures are older."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from neurosym.commands import advising
from neurosym.commands.advising import CAVEAT, AdviceError, advise, measured_code, read_matrix
from neurosym.commands.cli import app

COLUMNS = ("surrogate", "relu+group", "qcfs+group", "qcfs+if", "stdp")


def cells(*means: float, against: bool = True) -> dict[str, Any]:
    made: dict[str, dict[str, Any]] = {
        c: {"mean": m, "low": m - 0.1, "high": m + 0.1, "seeds": 5, "of": 5}
        for c, m in zip(COLUMNS, means, strict=True)
    }
    for column in COLUMNS[1:] if against else ():
        difference = made[column]["mean"] - made["surrogate"]["mean"]
        made[column]["against"] = {
            "mean": difference, "low": difference - 0.2, "high": difference + 0.2, "verdict": "no difference seen",
        }  # fmt: skip
    return made


def matrix(**changed: Any) -> dict[str, Any]:
    about = {"about": "measured", "unit": "%", "better": "higher"}
    return {
        "made": {
            "date": "2026-01-02", "machine": "a machine", "seeds": 5, "data": "some digits", "architecture": "12C5",
        },
        "code": measured_code(),
        "criteria": {
            "accuracy_long": {**about, "cells": cells(98, 98.1, 98.1, 97.0, 98)},
            "steps": {**about, "better": "lower", "cells": cells(2, 1, 1, 8, 2)},
            "energy": {**about, "better": "lower", "cells": cells(0.3, 0.6, 0.7, 0.8, 0.9)},
            "conversion": {**about, "cells": cells(0, 0.2, 0.2, 0.2, 0)},
            "order": {**about, "cells": cells(85, 50, 50, 50, 84)},
            "events": {**about, "cells": cells(91, 90, 90, 90, 84)},
        },
    } | changed  # fmt: skip


def test_the_packaged_figures_are_of_this_code() -> None:
    """Else `advise` refuses; what a change of the neurons asks for is a run of `tasks.conversion.decision_matrix`."""
    assert read_matrix(advising.MATRIX)["code"] == measured_code()


def test_two_figures_decide_and_the_survey_is_contradicted() -> None:
    found = advise(matrix())
    assert "ReLU and convert to group neurons" in found.choice  # as good as the best, fewer steps than most, simplest
    assert "98.1 (98 to 98.2)" in found.figures[0]
    assert "no difference seen" in found.figures[0]
    assert "longer simulation windows" in found.contradicted[0]
    assert "least energy" in found.contradicted[1]
    text = str(found)
    assert all(part in text for part in ("5 seeds", "some digits", "2026-01-02", "a machine", CAVEAT))


def test_each_purpose_has_its_own_figures() -> None:
    assert "surrogate gradient" in advise(matrix(), "temporal").choice
    assert "50" in advise(matrix(), "temporal").figures[0]
    assert "convert" in advise(matrix(), "trained").choice
    assert "STDP" in advise(matrix(), "chip").choice


def test_figures_older_than_the_code_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "matrix.json"
    path.write_text(json.dumps(matrix()))
    assert read_matrix(path)["made"]["seeds"] == 5
    path.write_text(json.dumps(matrix(code="of another time")))
    with pytest.raises(AdviceError, match=r"older than the code.*decision_matrix"):
        read_matrix(path)
    monkeypatch.setattr(advising, "read_matrix", lambda: read_matrix(path))
    done = CliRunner().invoke(app, ["advise"])
    assert done.exit_code == 2
    path.write_text(json.dumps(matrix()))
    done = CliRunner().invoke(app, ["advise", "--temporal", "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["caveat"] == CAVEAT
    assert CliRunner().invoke(app, ["advise", "--temporal", "--trained"]).exit_code == 2


@pytest.mark.parametrize("text", [None, "{", "[]", '{"made": {}, "code": ""}'])
def test_missing_and_damaged_figures_are_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "matrix.json").write_text(text)
    with pytest.raises(AdviceError, match="decision_matrix"):
        read_matrix(tmp_path / "matrix.json")


def test_code_is_what_runs_and_not_what_is_said_about_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "rule.py"
    monkeypatch.setattr(advising, "_ROOT", tmp_path)
    monkeypatch.setattr(advising, "MEASURED", {"rule.py": ("fire",)})
    file.write_text('"""A."""\n\n\ndef fire(x: float) -> bool:\n    """Yes."""\n    return x > 1\n')
    before = measured_code()
    file.write_text(
        '"""B."""\n\nOTHER = 1\n\n\ndef fire(x: float) -> bool:\n    """Or no."""\n    # why\n    return x > 1\n'
    )
    assert measured_code() == before
    file.write_text("def fire(x: float) -> bool:\n    return x >= 1\n")
    assert measured_code() != before
    file.write_text("")
    assert measured_code() != before
