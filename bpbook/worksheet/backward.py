"""The backward steps and the update of a worksheet, with the mistakes that are usual in them."""

from __future__ import annotations

from bpbook.worksheet.step import OTHER, Step


def from_loss(loss: str) -> Step:
    """Return the first step back: the gradient of the loss for z3."""
    return _from_squared() if loss == "mse" else _from_cross_entropy()


def _from_squared() -> Step:
    mistakes = (
        ("z3 - y", "The factor 2 is missing: it comes from the square."),
        ("2*(y - z3)", "The sign is wrong: z3 minus y, not y minus z3. Too large a z3 must give a positive gradient."),
        ("y - z3", "The sign is wrong, and the factor 2 is missing."),
        ("L", "This is the value of the loss. Its slope is wanted."),
        ("2*L", "This has the value of the loss in it. Its slope is 2 times z3 − y, without the square."),
    )
    return Step("dz3", "backward", "2*(z3 - y)", "start", mistakes)


def _from_cross_entropy() -> Step:
    mistakes = (
        ("y - p", "The sign is wrong: p minus y, not y minus p."),
        ("(p - y)*p*(1 - p)", "The slope of the sigmoid is in p − y already: it cancels. Do not multiply by it once more."),
        ("L", "This is the value of the loss. Its slope is wanted."),
        ("2*(p - y)", "The factor 2 belongs to the squared error. The cross-entropy has none."),
        ("z3 - y", "This takes z3. The gradient compares the probability p with y."),
        ("p - (1 - y)", "This is the gradient for the other label. Look at y again."),
    )
    return Step("dz3", "backward", "p - y", "start", mistakes)


def second_weight(unit: int, activation: str, above: bool) -> Step:
    """Return the step to the gradient of a weight of the output."""
    other = OTHER[unit]
    mistakes = [
        (f"v{unit}*dz3", f"This is da{unit}. The gradient of a weight takes what the weight was multiplied by: a{unit}."),
        (f"a{other}*dz3", f"This takes a{other}, from the other unit. v{unit} was multiplied by a{unit}."),
        (f"a{unit}", "The gradient that comes back, dz3, is missing."),
        (f"-a{unit}*dz3", "The sign is wrong."),
        (f"a{unit}*L", "This takes the value of the loss. What comes back is its gradient, dz3."),
    ]
    if activation == "sigmoid" or not above:
        mistakes.append((f"z{unit}*dz3", f"This takes z{unit}, before the activation. v{unit} was multiplied by a{unit}."))
    return Step(f"dv{unit}", "backward", f"a{unit}*dz3", "weight", tuple(mistakes))


def second_bias() -> Step:
    """Return the step to the gradient of the bias of the output."""
    return Step(
        "dc",
        "backward",
        "dz3",
        "weight",
        (
            ("c*dz3", "The bias c is added, so its local slope is 1, not c."),
            ("1", "The local slope is 1, but the gradient that comes back, dz3, is missing."),
            ("-dz3", "The sign is wrong."),
            ("c", "This is the bias itself."),
            ("0", "The bias changes z3 one to one: its gradient is not zero."),
        ),
    )


def to_unit(unit: int, changes: bool) -> Step:
    """Return the step back to the value of a hidden unit; `changes` says whether its weight will."""
    a, v, other = f"a{unit}", f"v{unit}", OTHER[unit]
    mistakes = [
        (f"{a}*dz3", f"This is d{v}. The gradient of {a} takes what {a} was multiplied by: {v}."),
        (f"v{other}*dz3", f"This takes v{other}, the weight of the other unit."),
        (v, "The gradient that comes back, dz3, is missing."),
        (f"-{v}*dz3", "The sign is wrong."),
        (f"{v}*L", "This takes the value of the loss. What comes back is its gradient, dz3."),
    ]
    if changes:
        early = f"This takes the new {v}. All gradients are worked out with the old weights; the step comes after."
        mistakes.append((f"({v} - eta*d{v})*dz3", early))
    return Step(f"d{a}", "backward", f"{v}*dz3", "value", tuple(mistakes))


def through(unit: int, activation: str, above: bool) -> Step:
    """Return the step back through the activation."""
    a, z, da, other = f"a{unit}", f"z{unit}", f"da{unit}", OTHER[unit]
    mistakes = [(f"da{other}*{_slope(unit, activation)}", f"This takes da{other}, from the other unit.")]
    mistakes += [(f"-{da}*{_slope(unit, activation)}", "The sign is wrong.")]
    if activation == "sigmoid":
        missing = f"The slope of the activation, {a}·(1 − {a}), is missing."
        mistakes += [(da, missing), (f"{da}*{a}", f"The factor 1 − {a} is missing: the slope of the sigmoid is {a}·(1 − {a}).")]
        mistakes += [(f"{da}*(1 - {a})", f"The factor {a} is missing: the slope of the sigmoid is {a}·(1 − {a}).")]
        mistakes += [(f"{da}*f({a})*(1 - f({a}))", f"The slope is taken at the wrong place: at {a} instead of {z}. It is {a}·(1 − {a}).")]
        mistakes += [
            (f"{da}*{z}*(1 - {z})", f"This is z·(1 − z). The slope is written with the value after the activation: {a}·(1 − {a}).")
        ]
        mistakes += [(f"{a}*(1 - {a})", f"This is the slope alone: {da} is missing.")]
        mistakes += [(f"{da}*{_slope(other, activation)}", f"This takes the slope at z{other}, in the other unit.")]
    else:
        mistakes += [(f"{da}*{a}", f"This multiplies by the value of the activation. Its slope at {z} is wanted.")]
        mistakes += _bent(unit, activation, above)
    return Step(f"dz{unit}", "backward", f"{da}*{_slope(unit, activation)}", "through", tuple(dict(mistakes).items()))


def _bent(unit: int, activation: str, above: bool) -> list[tuple[str, str]]:
    da, z = f"da{unit}", f"z{unit}"
    if above:
        return [(f"{da}*0.1", f"{z} is above zero, where the slope is 1."), ("0", f"{z} is above zero, where the slope is 1.")]
    missing = f"The slope of the activation is missing: {z} is below zero. The sign of {z} counts, not the sign of {da}."
    if activation == "relu":
        return [(da, missing), (f"{da}*0.1", "That would be the leaky ReLU.")]
    return [(da, missing), ("0", "That would be the ReLU. The leaky ReLU has the slope 0.1 below zero.")]


def _slope(unit: int, activation: str) -> str:
    return f"a{unit}*(1 - a{unit})" if activation == "sigmoid" else f"slope(z{unit})"


def first_weight(source: int, unit: int, bent: bool) -> Step:
    """Return the step to the gradient of a weight of a hidden unit."""
    name, other = f"w{source}{unit}", OTHER[unit]
    mistakes = [
        (f"x{OTHER[source]}*dz{unit}", f"This takes x{OTHER[source]}. The first index of {name} says that it starts at x{source}."),
        (f"x{source}*dz{other}", f"This takes dz{other}. The second index of {name} says that it leads into unit {unit}."),
        (f"{name}*dz{unit}", f"This takes the weight itself. The gradient of a weight takes what the weight was multiplied by: x{source}."),
        (f"-x{source}*dz{unit}", "The sign is wrong."),
        (f"a{unit}*dz{unit}", f"This takes a{unit}. The weight {name} was multiplied by x{source}."),
    ]
    if bent:
        mistakes.insert(2, (f"x{source}*da{unit}", f"This takes da{unit}, from before the activation. What comes back is dz{unit}."))
    return Step(f"d{name}", "backward", f"x{source}*dz{unit}", "first", tuple(mistakes))


def first_bias(unit: int, bent: bool) -> Step:
    """Return the step to the gradient of the bias of a hidden unit."""
    mistakes = [
        (f"b{unit}*dz{unit}", f"The bias b{unit} is added, so its local slope is 1, not b{unit}."),
        (f"dz{OTHER[unit]}", f"This is the gradient of the other unit. The bias b{unit} belongs to z{unit}."),
        (f"-dz{unit}", "The sign is wrong."),
        ("1", f"The local slope is 1, but the gradient that comes back, dz{unit}, is missing."),
    ]
    if bent:
        mistakes.insert(0, (f"da{unit}", f"This is da{unit}, from before the activation. What comes back is dz{unit}."))
    return Step(f"db{unit}", "backward", f"dz{unit}", "first", tuple(mistakes))


def new(name: str) -> Step:
    """Return the step of gradient descent for one parameter."""
    return Step(
        f"new_{name}",
        "update",
        f"{name} - eta*d{name}",
        "step",
        (
            (f"{name} + eta*d{name}", "This goes uphill: the gradient points to a larger loss, so the step is subtracted."),
            (f"{name} - d{name}", "The learning rate is missing."),
            (f"-eta*d{name}", f"This is the step alone. It starts from the old {name}."),
            (f"eta*d{name}", f"This is the size of the step. It is subtracted from the old {name}."),
            (f"eta*d{name} - {name}", "The two are exchanged: the old value, minus the step."),
        ),
    )
