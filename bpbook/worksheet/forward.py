"""The forward steps of a worksheet, with the mistakes that are usual in them."""

from __future__ import annotations

from bpbook.worksheet.step import OTHER, Step


def into_unit(unit: int) -> Step:
    """Return the step to the pre-activation of a hidden unit."""
    other = OTHER[unit]
    right = f"x1*w1{unit} + x2*w2{unit} + b{unit}"
    crossed = f"x1*w{unit}1 + x2*w{unit}2 + b{unit}"
    return Step(
        f"z{unit}",
        "forward",
        right,
        "unit",
        (
            (f"x1*w1{unit} + x2*w2{unit}", f"The bias b{unit} is missing."),
            (
                crossed,
                f"These weights leave input {unit}. Into unit {unit} lead w1{unit} and w2{unit}: the second index counts.",
            ),
            (f"x1*w1{unit} + x2*w2{unit} + b{other}", f"This is the bias of the other unit. Unit {unit} has b{unit}."),
            (f"x1*w1{other} + x2*w2{other} + b{other}", f"This is z{other}: the weights of the other unit."),
            (f"x2*w1{unit} + x1*w2{unit} + b{unit}", f"The inputs are exchanged: w1{unit} belongs to x1, and w2{unit} to x2."),
            (f"x1*w1{unit} + x2*w2{unit} - b{unit}", f"The bias b{unit} is added, with its own sign."),
        ),
    )


def activated(unit: int, activation: str, above: bool) -> Step:
    """Return the step through the activation."""
    z = f"z{unit}"
    if activation == "sigmoid":
        mistakes = [
            (z, f"This is {z} itself: the activation is missing."),
            (f"f(-{z})", "The sign of z was lost in the table. A negative z gives a value below one half: σ(−z) = 1 − σ(z)."),
            (f"f({z})*(1 - f({z}))", "This is the slope of the sigmoid. Going forward, its value is wanted."),
        ]
    elif above:
        mistakes = [(f"0.1*{z}", f"{z} is above zero, so it passes unchanged."), ("0", f"{z} is above zero, so it passes unchanged.")]
    else:
        mistakes = [(z, f"This is {z} itself: below zero the activation changes it.")]
        zero = [("0", "That would be the ReLU. The leaky ReLU lets a tenth through.")]
        tenth = [(f"0.1*{z}", "That would be the leaky ReLU. The ReLU lets nothing through.")]
        mistakes += zero if activation == "leaky_relu" else tenth
        mistakes += [(f"-{z}", "This is the absolute value of z.")]
    return Step(f"a{unit}", "forward", f"f({z})", "activation", tuple(mistakes))


def output(activation: str) -> Step:
    """Return the step to the output."""
    return Step(
        "z3",
        "forward",
        "a1*v1 + a2*v2 + c",
        "output",
        (
            ("a1*v1 + a2*v2", "The bias c is missing."),
            ("z1*v1 + z2*v2 + c", "The output takes a1 and a2, the values after the activation; these are z1 and z2."),
            ("a1*v2 + a2*v1 + c", "The weights are exchanged: v1 belongs to a1, and v2 to a2."),
            ("a1*v1 + a2*v2 - c", "The bias c is added, with its own sign."),
            ("f(a1*v1 + a2*v2 + c)", "There is no activation at z3: it is the plain sum."),
        ),
    )


def losses(loss: str) -> list[Step]:
    """Return the step to the loss, and before it the one to the probability where there is one."""
    return [_squared()] if loss == "mse" else [_probability(), _cross_entropy()]


def _squared() -> Step:
    mistakes = (
        ("z3 - y", "The square is missing."),
        ("y - z3", "The square is missing."),
        ("(z3 - y)**2/2", "There is no factor ½ in this loss."),
        ("(z3 + y)**2", "The loss takes the difference of z3 and y; this is the square of their sum."),
        ("-(z3 - y)**2", "A square is never negative."),
        ("2*(z3 - y)", "This is the gradient of the loss. Its value is wanted first."),
    )
    return Step("L", "forward", "(z3 - y)**2", "loss", mistakes)


def _probability() -> Step:
    mistakes = (
        ("1 - sigmoid(z3)", "This is 1 − p. The sign of z3 was lost: σ(−z) = 1 − σ(z)."),
        ("z3", "This is z3 itself: the sigmoid is missing."),
        ("sigmoid(z3)*(1 - sigmoid(z3))", "This is the slope of the sigmoid. Its value is wanted."),
    )
    return Step("p", "forward", "sigmoid(z3)", "probability", mistakes)


def _cross_entropy() -> Step:
    mistakes = (
        ("-log(y*(1 - p) + (1 - y)*p)", "This is the loss of the other label. Look at y again."),
        ("log(y*p + (1 - y)*(1 - p))", "The minus sign is missing: a probability is below 1, so its logarithm is negative."),
        ("(p - y)**2", "This is the squared error. The cross-entropy is wanted."),
        ("p - y", "This is the gradient of the loss. Its value is wanted first."),
    )
    return Step("L", "forward", "-log(y*p + (1 - y)*(1 - p))", "loss", mistakes)
