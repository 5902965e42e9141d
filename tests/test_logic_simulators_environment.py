"""Environments of simulators: stamped when tested, made anew when half-built, made once by many."""

import multiprocessing
import sys
import time
from pathlib import Path

import pytest

from logic.simulators import InstallError, Recipe, install, read_stamp, remove
from logic.simulators.environment import environment_of, find_python, python_of

BARE = Recipe((), "pip", python=f"{sys.version_info[0]}.{sys.version_info[1]}")


@pytest.fixture(autouse=True)
def own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("NEUROSYM_TARGETS", str(tmp_path / "targets"))
    return tmp_path / "targets"


def passes(python: Path) -> str:
    assert python.is_file()
    return "it runs"


def make(said: list[str] | None = None) -> str:
    return install("bare", BARE, passes, (said if said is not None else []).append).tested


def test_it_is_installed_once_tested_and_stamped() -> None:
    with pytest.raises(InstallError, match="bare is not installed; run: neurosym target install bare"):
        python_of("bare", BARE)
    said: list[str] = []
    assert make(said) == "it runs"
    assert said[-1] == "bare: testing"
    stamp = read_stamp("bare", BARE)
    assert stamp is not None
    assert python_of("bare", BARE).is_file()
    said.clear()
    assert make(said) == "it runs"
    assert said == []  # it was there
    other = Recipe((), "pip", python=BARE.python, note="another recipe")
    assert read_stamp("bare", other) is None  # which shares nothing with it
    assert remove("bare", BARE)
    assert not remove("bare", BARE)
    assert read_stamp("bare", BARE) is None


def test_a_half_built_one_is_made_anew() -> None:
    folder = environment_of("bare", BARE)
    (folder / "bin").mkdir(parents=True)
    (folder / "left").write_text("by a process that was killed")
    assert read_stamp("bare", BARE) is None
    said: list[str] = []
    make(said)
    assert said[0] == "bare: was left half-built; making it anew"
    assert not (folder / "left").exists()


@pytest.mark.parametrize("stamp", ["", "{", "[]", '{"version": "1"}'])
def test_a_damaged_stamp_counts_for_nothing(stamp: str) -> None:
    folder = environment_of("bare", BARE)
    folder.mkdir(parents=True)
    (folder / "installed.json").write_text(stamp)
    assert read_stamp("bare", BARE) is None


def test_a_failed_test_leaves_nothing() -> None:
    def fails(_: Path) -> str:
        raise InstallError("bare fails its test: wrong")

    with pytest.raises(InstallError, match="fails its test"):
        install("bare", BARE, fails, lambda _: None)
    assert not environment_of("bare", BARE).exists()


def test_a_package_that_cannot_be_had_is_one_sentence() -> None:
    recipe = Recipe((("--no-index", "no-such-package==1.0"),), "no-such-package", python=BARE.python)
    with pytest.raises(InstallError, match=r"bare cannot be installed: .*no-such-package") as refused:
        install("bare", recipe, passes, lambda _: None)
    assert "\n" not in str(refused.value)
    assert not environment_of("bare", recipe).exists()


def test_a_python_that_is_not_there_is_named() -> None:
    with pytest.raises(InstallError, match=r"bare needs Python 2\.9, which is not on the path"):
        find_python("bare", "2.9")
    assert find_python("bare", BARE.python) == sys.executable


def test_a_folder_that_others_can_write_is_refused(own_folder: Path) -> None:
    own_folder.mkdir()
    own_folder.chmod(0o777)
    with pytest.raises(InstallError, match="which others can write"):
        make()


def _count(folder: str) -> None:
    def test(_: Path) -> str:
        time.sleep(0.3)
        Path(folder, f"tested-{time.time_ns()}").touch()
        return "it runs"

    install("bare", BARE, test, lambda _: None)


def test_two_installations_at_once_make_one(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_count, args=(str(tmp_path),)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert len(list(tmp_path.glob("tested-*"))) == 1
