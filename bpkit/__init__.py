# Written by `python -m bpbook tangle`; do not edit: change the chapter, then run `make tangle`.
# - chapters/01_linear_regression.ipynb
# - chapters/02_gradient_descent.ipynb
# - chapters/03_binary_cross_entropy.ipynb
# - chapters/04_softmax_cross_entropy.ipynb
# - chapters/05_chain_rule.ipynb
# - chapters/06_gradient_checking.ipynb
# - chapters/07_activations.ipynb
# - chapters/08_backpropagation_by_hand.ipynb
# - chapters/09_layers.ipynb
# - chapters/10_real_classifier.ipynb
# - chapters/10b_speed.ipynb
"""bpkit: the small package that the book builds, chapter by chapter."""

from bpkit.activations import (
    leaky_relu,
    leaky_relu_vjp,
    logsumexp,
    logsumexp_vjp,
    relu,
    relu_vjp,
    sigmoid,
    sigmoid_vjp,
    softmax,
    softmax_vjp,
    tanh,
    tanh_vjp,
)
from bpkit.data import FASHION_CLASSES, FashionMNIST, load_fashion_mnist
from bpkit.descent import DivergedError, History, gradient_descent
from bpkit.elementwise import add, add_vjp, exp, exp_vjp, log, log_vjp, multiply, multiply_vjp, unbroadcast
from bpkit.fast import FastAdam, FastNetwork
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
from bpkit.layers import Affine, Layer, Loss
from bpkit.linear import affine, affine_parameters_vjp, affine_vjp, matmul, matmul_vjp
from bpkit.losses import bce_logits, bce_logits_vjp, cross_entropy_logits, cross_entropy_logits_vjp, mse, mse_vjp
from bpkit.network import Sequential, dense_network
from bpkit.optimisers import Adam, GradientDescent
from bpkit.reductions import sum_over, sum_over_vjp
from bpkit.storage import load_parameters, save_parameters
from bpkit.training import TrainingDivergedError, TrainingHistory, accuracy, predict_classes, train
from bpkit.two_layers import two_layer_backward, two_layer_forward
from bpkit.validation import NotFiniteError

__version__ = "0.1.0"

__all__ = [
    "FASHION_CLASSES",
    "Adam",
    "Affine",
    "DivergedError",
    "Drawing",
    "FashionMNIST",
    "FastAdam",
    "FastNetwork",
    "GradientDescent",
    "GradientReport",
    "GradientReports",
    "History",
    "Layer",
    "Loss",
    "Node",
    "NotFiniteError",
    "Sequential",
    "TrainingDivergedError",
    "TrainingHistory",
    "accuracy",
    "add",
    "add_vjp",
    "affine",
    "affine_parameters_vjp",
    "affine_vjp",
    "bce_logits",
    "bce_logits_vjp",
    "check_gradient",
    "check_vjp",
    "complex_step_gradient",
    "cross_entropy_logits",
    "cross_entropy_logits_vjp",
    "dense_network",
    "draw_graph",
    "exp",
    "exp_vjp",
    "gradient_descent",
    "gradient_error",
    "leaky_relu",
    "leaky_relu_vjp",
    "load_fashion_mnist",
    "load_parameters",
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
    "predict_classes",
    "relu",
    "relu_vjp",
    "save_parameters",
    "sigmoid",
    "sigmoid_vjp",
    "softmax",
    "softmax_vjp",
    "sum_over",
    "sum_over_vjp",
    "tanh",
    "tanh_vjp",
    "train",
    "two_layer_backward",
    "two_layer_forward",
    "unbroadcast",
]
