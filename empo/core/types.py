"""Array types with named axes. `Float[Array, "h g"]` is an array over humans and goals."""

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from jax import Array
from jaxtyping import Bool, Float, Int

__all__ = ["AnyArray", "Array", "Bool", "Float", "Int", "Scalar"]

# For the type checker either kind goes where one is wanted; at run time it must be one of them.
if TYPE_CHECKING:
    AnyArray: TypeAlias = Any
else:
    AnyArray = Array | np.ndarray | np.generic
    """An array of JAX or of numpy; of numpy's, those without axes are numbers."""
Scalar = float | Float[Array, ""]
"""A number, known to Python or traced."""
