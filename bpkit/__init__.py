# Written by `python -m bpbook tangle`; do not edit: change the chapter, then run `make tangle`.
# - chapters/01_linear_regression.ipynb
# - chapters/02_gradient_descent.ipynb
# - chapters/03_binary_cross_entropy.ipynb
# - chapters/04_softmax_cross_entropy.ipynb
# - chapters/05_chain_rule.ipynb
# - chapters/06_gradient_checking.ipynb
"""bpkit: the small package that the book builds, chapter by chapter."""

from bpkit.activations import logsumexp, logsumexp_vjp, sigmoid, sigmoid_vjp, softmax, softmax_vjp
from bpkit.descent import DivergedError, History, gradient_descent
from bpkit.elementwise import add, add_vjp, exp, exp_vjp, log, log_vjp, multiply, multiply_vjp, unbroadcast
from bpkit.gradcheck import (
    GradientReport,
    GradientReports,
    check_gradient,
    check_vjp,
    complex_step_gradient,
    gradient_error,
    numerical_gradient,
)
from bpkit.graph import Drawing, Node, draw_graph
from bpkit.linear import affine, affine_vjp, matmul, matmul_vjp
from bpkit.losses import bce_logits, bce_logits_vjp, cross_entropy_logits, cross_entropy_logits_vjp, mse, mse_vjp
from bpkit.reductions import sum_over, sum_over_vjp
from bpkit.validation import NotFiniteError

__version__ = "0.1.0"

__all__ = [
    "DivergedError",
    "Drawing",
    "GradientReport",
    "GradientReports",
    "History",
    "Node",
    "NotFiniteError",
    "add",
    "add_vjp",
    "affine",
    "affine_vjp",
    "bce_logits",
    "bce_logits_vjp",
    "check_gradient",
    "check_vjp",
    "complex_step_gradient",
    "cross_entropy_logits",
    "cross_entropy_logits_vjp",
    "draw_graph",
    "exp",
    "exp_vjp",
    "gradient_descent",
    "gradient_error",
    "log",
    "log_vjp",
    "logsumexp",
    "logsumexp_vjp",
    "matmul",
    "matmul_vjp",
    "mse",
    "mse_vjp",
    "multiply",
    "multiply_vjp",
    "numerical_gradient",
    "sigmoid",
    "sigmoid_vjp",
    "softmax",
    "softmax_vjp",
    "sum_over",
    "sum_over_vjp",
    "unbroadcast",
]
