"""Recordings of event cameras: files of all common formats to streams of events, and streams to frames."""

from .event_files import RECORDINGS as RECORDINGS, UNITS as UNITS, read_events as read_events
from .events import Events as Events, RecordingError as RecordingError, RecordingWarning as RecordingWarning
from .frames import bin_events as bin_events
