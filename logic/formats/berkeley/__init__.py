"""The formats of Berkeley's SIS: BLIF with models within models, cells of a genlib library, and don't cares."""

from .blif import BLIF as BLIF
from .kiss import KISS as KISS
