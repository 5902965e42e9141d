"""How files become what a network takes, kept with the network so that new files are prepared as those of training."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from ..pictures.picture import BRIGHTEST, PictureError, decode_picture
from ..recordings import UNITS, bin_events, read_events
from ..recordings.events import DatasetError

Fitting = Literal["no", "pad", "crop", "stretch"]
FITTINGS: tuple[Fitting, ...] = ("no", "pad", "crop", "stretch")
LARGEST_SIDE = 4096  # pixels
_MOST_NUMBERS = 1 << 30  # of one recording


@dataclass(frozen=True)
class Preparation:
    """How a file becomes a tensor.

    Args:
        channels: 1 grey, 3 colours; 2 polarities of recordings.
        size: Height and width of the result.
        steps: Frames of a recording; 0 for pictures.
        fitting: What is done with pictures of other sizes: ``no`` refuses them, ``pad`` and ``crop`` keep their form,
            ``stretch`` does not.
        brightest: Of 16-bit grey, what becomes 255.
        camera: Height and width of a recording's camera.
        coarse: Its pixels, across and down, that are counted as one.
        unit: Of times in tables, as for :func:`perception.read_events`.

    Raises:
        DatasetError: if they make no sense, as in a damaged file.
    """

    channels: int
    size: tuple[int, int]
    steps: int = 0
    fitting: Fitting = "no"
    brightest: int = BRIGHTEST
    camera: tuple[int, int] = (1, 1)
    coarse: int = 1
    unit: str | None = None

    def __post_init__(self) -> None:
        sides = (*self.size, *self.camera)
        if (
            self.channels not in (1, 2, 3)
            or len(sides) != 4
            or {type(one) for one in (*sides, self.steps, self.brightest, self.coarse)} != {int}
            or not all(1 <= side <= LARGEST_SIDE for side in (*sides, self.coarse))
            or not (0 <= self.steps <= LARGEST_SIDE and 1 <= self.brightest <= BRIGHTEST)
            or self.fitting not in FITTINGS
            or self.unit not in (None, *UNITS)
            or (self.steps and self.size != tuple(-(-side // self.coarse) for side in self.camera))
            or self.steps * self.channels * self.size[0] * self.size[1] > _MOST_NUMBERS
        ):
            raise DatasetError(f"files cannot be prepared by {asdict(self)}; the file that says so is damaged")

    def read(self, file: str | Path) -> Tensor:
        """Bytes ``[C, H, W]`` of a picture, or counts ``[T, 2, H, W]`` of a recording.

        Raises:
            DatasetError: if the file is missing or damaged, or does not fit.
        """
        if self.steps:
            return self._frames(Path(file))
        try:
            picture = decode_picture(file, str(file), self.brightest)
        except PictureError as fault:
            raise DatasetError(str(fault)) from None
        return torch.from_numpy(self.pixels(picture, str(file)))

    def pixels(self, picture: Image.Image, name: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """Bytes ``[C, H, W]`` of a decoded picture.

        Raises:
            DatasetError: if it has another size and shall keep it.
        """
        height, width = self.size
        picture = picture.convert("L" if self.channels == 1 else "RGB")
        if (picture.height, picture.width) != self.size:
            if self.fitting == "no":
                raise DatasetError(
                    f"{name}: the picture is {picture.width} x {picture.height} pixels, expected {width} x {height}; "
                    f"crop or scale it first, or say --resize and --fitting pad, crop or stretch"
                )
            scale = Image.Resampling.BICUBIC
            if self.fitting == "pad":
                picture = ImageOps.pad(picture, (width, height), scale)
            elif self.fitting == "crop":
                picture = ImageOps.fit(picture, (width, height), scale)
            else:
                picture = picture.resize((width, height), scale)
        found = np.array(picture)
        return found[None] if found.ndim == 2 else np.ascontiguousarray(np.moveaxis(found, -1, 0))

    def _frames(self, file: Path) -> Tensor:
        events = read_events(file, self.unit)
        try:
            return bin_events(events, self.steps, self.camera, coarse=self.coarse)
        except DatasetError as fault:
            raise DatasetError(f"{file}: {fault}") from None

    def fitted(self, fitting: Fitting) -> "Preparation":
        """The same for pictures of other sizes."""
        return replace(self, fitting=fitting)

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON can say them."""
        return asdict(self)

    @staticmethod
    def from_json(settings: Mapping[str, Any]) -> "Preparation":
        """The preparation that :meth:`to_json` described.

        Raises:
            DatasetError: if it describes none.
        """
        try:
            told: dict[str, Any] = {**settings, "size": tuple(settings["size"]), "camera": tuple(settings["camera"])}
            return Preparation(**told)
        except (KeyError, TypeError, ValueError) as fault:
            raise DatasetError(f"what is said of files is no preparation ({fault}); the file is damaged") from None
