"""The report of an invented run: whole, escaped, self-contained in a real browser, and never half-written."""

import errno
import json
import os
import shutil
import subprocess
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from logic import FileError, Population, SpikingNetwork, Synapses
from logic.drawings import network_drawing as drawing
from logic.rails import single_lines
from neurosym.reports import figures as figures
from neurosym.reports.page import (
    Card,
    Figure,
    Points,
    Preformatted,
    Section,
    Table,
    Text,
    Tile,
    Tiles,
    to_html,
    write_report,
)

DIGITS = [str(digit) for digit in range(10)]
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
NASTY = "<script>alert('x & \"y\"')</script>"


def picture(digit: int) -> np.ndarray:
    """A seven-segment digit, 28 by 28."""
    segments = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcfgd")[digit]
    spans = {
        "a": (4, 6, 9, 19), "b": (5, 14, 18, 20), "c": (14, 23, 18, 20), "d": (22, 24, 9, 19),
        "e": (14, 23, 8, 10), "f": (5, 14, 8, 10), "g": (13, 15, 9, 19),
    }  # fmt: skip
    ink = np.zeros((28, 28))
    for top, bottom, left, right in (spans[segment] for segment in segments):
        ink[top:bottom, left:right] = 1
    return ink


def adder() -> SpikingNetwork:
    """All pairs of digits, a coincidence neuron each, and five dual-rail bits of their sum."""
    pairs = [(a, b) for a in range(10) for b in range(10)]
    names = tuple(f"sum[{bit}]={value}" for bit in range(5) for value in (0, 1))
    bits = [(n, 2 * bit + ((a + b) >> bit & 1)) for n, (a, b) in enumerate(pairs) for bit in range(5)]
    return SpikingNetwork(
        input_shape=(20,),
        populations=(Population("pair", (100,), 2), Population("rail", (10,), 1)),
        projections=(
            Synapses("input", "pair", [x for a, b in pairs for x in (a, 10 + b)], np.repeat(np.arange(100), 2), 1),
            Synapses("pair", "rail", [n for n, _ in bits], [rail for _, rail in bits], 1),
        ),
        outputs=np.arange(120, 130),
        output_lines=single_lines(names),
        latencies=np.full(10, 2),
        input_lines=single_lines(f"digit({slot})={value}" for slot in range(2) for value in range(10)),
    )


def fired(first: int, second: int) -> list[int]:
    rails = [120 + 2 * bit + ((first + second) >> bit & 1) for bit in range(5)]
    return [first, 10 + second, 20 + 10 * first + second, *rails]


PROOF = """\
sum(10)
├── digit(0, 3)      picture 1 shows 3   95.1 %
├── digit(1, 7)      picture 2 shows 7   94.2 %
└── 10 is 3 + 7"""


def learning() -> Section:
    draw, epochs = np.random.default_rng(0), np.arange(1, 9)
    accuracy = {"spiking network": 0.975 - 0.5 * np.exp(-epochs), "same, not spiking": 0.983 - 0.4 * np.exp(-epochs)}
    loss = {name: (2.4 * np.exp(-epochs / k) + 0.1).tolist() for name, k in zip(accuracy, (1.6, 1.2), strict=True)}
    curve = figures.learning_curve({name: list(values) for name, values in accuracy.items()}, loss, 0.965)
    counts = np.diag(draw.integers(92, 100, 10)) + draw.integers(0, 2, (10, 10)) * draw.integers(0, 2, (10, 10))
    matrix = figures.confusion_matrix(counts, DIGITS)
    learned = "The sixteen patterns that the first layer looks for, learned by spike timing without any label."
    return Section(
        "Learning",
        [
            Figure(curve, "After each epoch: the share of held-out pictures read correctly (left), the loss (right)."),
            Figure(matrix, "Each row is a true digit, each column what the network saw.", wide=False),
            Figure(figures.kernels(draw.normal(size=(16, 5, 5))), learned, wide=False),
        ],
    )


def explanation() -> Section:
    belief = np.full((2, 10), 0.002)
    belief[0, 3], belief[0, 8], belief[1, 7], belief[1, 1] = 0.951, 0.033, 0.942, 0.042
    seen = figures.predictions(np.stack([picture(3), picture(7)]), belief, DIGITS)
    circuit = drawing.draw_network(adder(), fired(3, 7), "The sum in spikes: 3 + 7 = 10")
    pairs = (
        "A neuron for each pair of digits (middle) fires when both its digits do, and with it the bits of their sum."
    )
    card = Card(
        "What is the sum of these two pictures?",
        "10, with probability 89.6 %",
        [("Second best", "15 (3.1 %): 8 and 7"), ("Spikes", "1,204 in all, 8 of them in the logic")],
        [
            Figure(seen, "What was seen in each picture."),
            Preformatted(PROOF, "Why the sum is 10, as Prolog proved it."),
            Figure(circuit, pairs),
        ],
    )
    return Section("Two pictures explained", [card])


def activity() -> Section:
    draw = np.random.default_rng(0)
    spikes = {
        "first convolution": draw.random((8, 16, 12, 12)) < 0.06,
        "second convolution": draw.random((8, 32, 4, 4)) < 0.1,
        "values": np.eye(8, dtype=int)[:, [2, 7, 7, 5, 7, 7, 7, 7, 7, 7]],
    }
    ramp = np.linspace(0, 1, 8)[:, None] * draw.uniform(10, 40, 10) + np.arange(8)[:, None] * 9
    ramp[:, 3] = np.linspace(5, 128, 8)
    counts = {"first convolution": 1102, "second convolution": 91, "values": 1, "logic": 8}
    energy = figures.bars(
        {"spiking network": 41.2, "same, not spiking": 322.5}, "Energy for one picture", "nanojoules", "spiking network"
    )
    lifted = "The evidence for each of ten values; the best supported one wins its comparison with all others."
    return Section(
        "Spikes",
        [
            Figure(figures.spike_raster(picture(3), spikes), "Every dash is a spike; each height is a neuron."),
            Figure(figures.race(ramp, DIGITS, 3), lifted),
            Figure(figures.bars(counts, "Spikes for one pair of pictures", "spikes"), "Where they are.", wide=False),
            Figure(energy, "Estimated from counted operations; not measured on a chip.", wide=False),
            Table(["Part", "Neurons", "Spikes"], [["first convolution", "2,304", "1,102"], ["logic", "110", "8"]]),
        ],
    )


def demonstration() -> list[Section]:
    """The sections of a run that never was."""
    tiles = [
        Tile("97.1 %", "digits read correctly", "at least 96.5 %", "On 1,000 pictures never seen.", True),
        Tile("92.6 %", "sums correct", "at least 93 %", "On 500 pairs of those pictures.", False),
        Tile("PROVED", "the rule in spikes", meaning="For all 100 pairs of digits, by Z3."),
        Tile("1 of 1,000", "digits flipped by rounding", meaning="Weights became whole numbers."),
    ]
    intro = Text("A spiking network learned to read digits although it was told sums of two digits only.")
    limits = Points(["The energy is an estimate from 45 nm figures.", f"Nothing here is code: {NASTY}"])
    return [
        Section("Results", [intro, Tiles(tiles)]),
        learning(),
        explanation(),
        activity(),
        Section("Honest limits", [limits]),
    ]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(
        path,
        f"From a picture to a proved answer {NASTY}",
        demonstration(),
        subtitle="A run that never was.",
        footer="seed 0",
    )
    return path


@pytest.fixture(scope="module")
def browser() -> str:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found and not os.environ.get("CI"):
        pytest.skip("needs Chromium or Chrome; CI has one")
    assert found, f"CI needs one of {BROWSERS} to open the report"
    return found


def browse(browser: str, page: Path, folder: Path, *options: str) -> str:
    """What a fresh headless browser prints after it has opened a page."""
    quiet = (
        "--headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-sync "
        "--disable-component-update --disable-features=NetworkTimeServiceQuerying --hide-scrollbars"
    )
    command = [browser, *quiet.split(), f"--user-data-dir={folder / 'profile'}", *options, page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr
    return done.stdout


def asked_for(browser: str, page: Path, folder: Path) -> tuple[str, set[str]]:
    """The page's document in the browser, and every address that it asked the network for.

    The browser's own requests (updates, the time of day) have no page as their initiator and do not count.
    """
    log = folder / "net.json"
    document = browse(browser, page, folder, "--dump-dom", f"--log-net-log={log}")
    starts = [event.get("params", {}) for event in json.loads(log.read_text())["events"]]
    urls = {str(start["url"]) for start in starts if start.get("initiator", "not an origin") != "not an origin"}
    return document, {url for url in urls if not url.startswith(("data:", "file:"))}


class Links(HTMLParser):
    """Collects tags and whatever an element points to."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called by the parser for each element."""
        self.tags.append(tag)
        self.targets += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data", "action")]


def test_a_browser_shows_every_section_and_asks_the_network_for_nothing(
    browser: str, report: Path, tmp_path: Path
) -> None:
    document, outside = asked_for(browser, report, tmp_path)
    for section in demonstration():
        assert f"<h2>{escape(section.heading)}</h2>" in document
    assert document.count('<svg role="img" aria-label=') == 9
    assert not outside
    shot = tmp_path / "report.png"
    browse(browser, report, tmp_path, f"--screenshot={shot}", "--window-size=1200,1000")
    assert shot.stat().st_size > 50_000


def test_the_check_for_requests_would_see_one(browser: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('<img src="http://127.0.0.1:9/pixel.png">')
    assert "http://127.0.0.1:9/pixel.png" in asked_for(browser, page, tmp_path)[1]


def test_the_page_points_to_nothing_outside_and_escapes_all_text(report: Path) -> None:
    page = Links()
    page.feed(report.read_text())
    assert page.targets
    assert all(target.startswith(("data:", "#")) for target in page.targets)
    assert "script" not in page.tags
    assert report.read_text().count(escape(NASTY)) == 3  # title, heading, limits


def test_the_same_run_gives_the_same_page() -> None:
    assert to_html("t", demonstration()) == to_html("t", demonstration())


def test_every_drawing_is_well_formed_xml() -> None:
    def drawings(parts: object) -> list[Figure]:
        found: list[Figure] = []
        for part in parts if isinstance(parts, list) else []:
            found += [part] if isinstance(part, Figure) else drawings(part.parts) if isinstance(part, Card) else []
        return found

    figures_found = [figure for section in demonstration() for figure in drawings(section.parts)]
    assert len(figures_found) == 9
    for figure in figures_found:
        assert ElementTree.fromstring(figure.svg).tag == "{http://www.w3.org/2000/svg}svg"


def test_a_full_disk_leaves_the_old_report_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.html"
    write_report(path, "old", [])
    before = path.read_bytes()

    def full(place: Path, page: str, encoding: str) -> None:
        place.write_bytes(page[:10].encode(encoding))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(FileError, match=r"report\.html: cannot be written \(No space left on device\)"):
        write_report(path, "new", [])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FileError, match="cannot be written"):
        write_report(tmp_path / "file" / "report.html", "t", [])
