"""Conversions that are proved: in whole numbers, wired as one spiking network, equal to the quantised one for all."""

from .level_perception import LevelPerception as LevelPerception, level_perception as level_perception
from .level_race import prove_level_race as prove_level_race
from .level_reading import read_levels as read_levels
from .packaged import PACKAGED as PACKAGED, packaged_network as packaged_network
