"""Labelled pictures and recordings: files, packages and downloads to tensors."""

from .dataset import Dataset as Dataset, DatasetError as DatasetError, hold_out as hold_out
from .folder import FolderOptions as FolderOptions, load_folder as load_folder
from .idx import read_idx as read_idx
from .layout import LayoutWarning as LayoutWarning
from .preparation import Preparation as Preparation
from .sources import DATASETS as DATASETS, load_dataset as load_dataset
