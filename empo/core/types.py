"""Array types with named axes. `Float[Array, "h g"]` is an array over humans and goals."""

from jax import Array
from jaxtyping import Bool, Float, Int

__all__ = ["Array", "Bool", "Float", "Int", "Scalar"]

Scalar = float | Float[Array, ""]
"""A number, known to Python or traced."""
