"""Worlds: what they are, the files they are written in, and how to load them."""

from empo.worlds.load import Report, check, load, shipped
from empo.worlds.table import TableModel
from empo.worlds.world import Goals, Model, Scene, Situation, Thing, World

__all__ = [
    "Goals",
    "Model",
    "Report",
    "Scene",
    "Situation",
    "TableModel",
    "Thing",
    "World",
    "check",
    "load",
    "shipped",
]
