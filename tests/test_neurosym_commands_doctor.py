"""The doctor finds every part at work here, and sees each one that is missing or gives wrong results."""

import sys
from pathlib import Path
from unittest.mock import Mock

import pytest
import torch

from neurosym.commands.doctor import Finding, diagnose
from reasoner.prolog import workers

PARTS = {"PyTorch": "torch", "snnTorch": "snntorch", "SWI-Prolog": "swipl", "Z3": "z3", "NIR": "nir"}


def by_part() -> dict[str, Finding]:
    return {finding.part: finding for finding in diagnose()}


def test_all_parts_work_here() -> None:
    findings = by_part()
    assert set(findings) == {*PARTS, "Python", "Memory", "Cores", "Kernels"}
    assert not [
        finding for finding in findings.values() if not finding.works or (finding.remedy and finding.part != "Kernels")
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
