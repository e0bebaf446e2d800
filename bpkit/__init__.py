# Written by `python -m bpbook tangle`; do not edit: change the chapter, then run `make tangle`.
# - chapters/01_linear_regression.ipynb
# - chapters/02_gradient_descent.ipynb
# - chapters/03_binary_cross_entropy.ipynb
"""bpkit: the small package that the book builds, chapter by chapter."""

from bpkit.activations import sigmoid, sigmoid_vjp
from bpkit.descent import DivergedError, History, gradient_descent
from bpkit.linear import affine, affine_vjp
from bpkit.losses import bce_logits, bce_logits_vjp, mse, mse_vjp
from bpkit.validation import NotFiniteError

__version__ = "0.1.0"

__all__ = [
    "DivergedError",
    "History",
    "NotFiniteError",
    "affine",
    "affine_vjp",
    "bce_logits",
    "bce_logits_vjp",
    "gradient_descent",
    "mse",
    "mse_vjp",
    "sigmoid",
    "sigmoid_vjp",
]
