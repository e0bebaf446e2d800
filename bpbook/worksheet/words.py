"""Names, numbers and rules as they stand on the sheet."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bpbook.worksheet.step import FUNCTIONS

_NAME = re.compile(r"(new_)?(d?)([a-zL]|eta)([12]{0,2}|3)$")


def label(name: str) -> str:
    """Return a name in HTML: letters slanted, indices below the line."""
    found = _NAME.fullmatch(name)
    if not found:
        return name
    new, d, letter, index = found.groups()
    letter = "η" if letter == "eta" else letter
    return f"{'new ' if new else ''}<i>{d}{letter}</i>{f'<sub>{index}</sub>' if index else ''}"


def number(value: float, digits: int = 3) -> str:
    """Return a number with a true minus sign and without zeros at its end."""
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "0", "") else text.replace("-", "−")


def working(formula: str, values: Mapping[str, float]) -> str:
    """Return a formula with its numbers put in, as one would write it with a pencil."""

    def put(found: re.Match[str]) -> str:
        name = found[0]
        if name in FUNCTIONS:
            return {"sigmoid": "σ", "log": "ln"}[name]
        shown = number(values[name])
        return f"({shown})" if shown.startswith("−") and not _alone(found) else shown

    text = re.sub(r"[A-Za-z_]\w*", put, formula)
    return text.replace("**2", "²").replace("*", " · ").replace(" - ", " − ").replace("-", "−")


def _alone(found: re.Match[str]) -> bool:
    """Say whether a number stands where a minus sign needs no brackets: at the beginning, or in brackets already."""
    before, after = found.string[: found.start()], found.string[found.end() :]
    return (not before or before.endswith("(")) and not after.startswith("**")


def rules(activation: str, loss: str) -> dict[str, tuple[str, str]]:
    """Return the rules of a sheet by their keys, in order: a title, and the rule in HTML."""
    f, slope = _activation_rules(activation)
    forward = {
        "unit": ("into hidden unit <i>k</i>", "z_k = x_1 w_{1k} + x_2 w_{2k} + b_k"),
        "activation": ("activation", f),
        "output": ("output", "z_3 = a_1 v_1 + a_2 v_2 + c"),
    }
    if loss == "mse":
        forward["loss"] = ("loss", "L = (z_3 − y)²")
        start = "dz_3 = 2 (z_3 − y)"
    else:
        forward["probability"] = ("probability", "p = σ(z_3)")
        forward["loss"] = ("loss", "L = −ln p if y = 1; L = −ln(1 − p) if y = 0")
        start = "dz_3 = p − y"
    backward = {
        "start": ("start at the loss", start),
        "weight": ("weights and bias of the output", "dv_k = a_k dz_3 and dc = dz_3"),
        "value": ("back to a hidden unit", "da_k = v_k dz_3"),
        "through": ("back through the activation", f"dz_k = da_k × slope at z_k; {slope}"),
        "first": ("weights and biases of the hidden units", "dw_{jk} = x_j dz_k and db_k = dz_k"),
        "step": ("one step of descent", "new value = old value − η × its gradient"),
    }
    return {key: (title, _marked_up(text)) for key, (title, text) in (forward | backward).items()}


def _activation_rules(activation: str) -> tuple[str, str]:
    if activation == "sigmoid":
        return "a_k = σ(z_k), from the table; σ(−z) = 1 − σ(z)", "slope = a_k (1 − a_k)"
    if activation == "relu":
        return "a_k = z_k if z_k > 0, else 0", "slope = 1 if z_k > 0, else 0"
    return "a_k = z_k if z_k > 0, else 0.1 z_k", "slope = 1 if z_k > 0, else 0.1"


def _marked_up(text: str) -> str:
    """Turn `z_3`, `w_{1k}` and letters that stand alone into HTML."""
    text = re.sub(r"(?<![A-Za-z])(d?[a-z])_(?:\{(\w+)\}|(\w))", r"<i>\1</i><sub>\2\3</sub>", text)
    return re.sub(r"(?<![\w<>/&])(dc|[LpycbzηC])(?![\w<>])", r"<i>\1</i>", text)
