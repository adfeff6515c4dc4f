"""Networks as pytrees: every leaf is an array, what is fixed is static."""

from empo.nets.factors import FactorNet, factor_net
from empo.nets.factory import NetSettings, Networks, ordinary_networks
from empo.nets.heads import (
    CategoricalPolicy,
    DeterministicPolicy,
    GaussianPolicy,
    PowerLawPolicy,
    SquashedPolicy,
)
from empo.nets.mlp import MLP
from empo.nets.rows import RowNet, row_net

__all__ = [
    "MLP",
    "CategoricalPolicy",
    "DeterministicPolicy",
    "FactorNet",
    "GaussianPolicy",
    "NetSettings",
    "Networks",
    "PowerLawPolicy",
    "RowNet",
    "SquashedPolicy",
    "factor_net",
    "ordinary_networks",
    "row_net",
]
