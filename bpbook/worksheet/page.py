"""The page of a worksheet: HTML that stands alone, for the screen and for the printer."""

from __future__ import annotations

import math
import re
from html import escape
from pathlib import Path

from bpbook.worksheet.drawing import draw
from bpbook.worksheet.marking import cell
from bpbook.worksheet.sheet import Sheet
from bpbook.worksheet.step import SLOPES, Step
from bpbook.worksheet.words import label, number, rules, working

STYLE = Path(__file__).with_name("page.css")
TITLES = {"forward": "Forward", "backward": "Backward", "update": "One step of descent"}
SAID = {
    "forward": "From the inputs to the loss.",
    "backward": "From the loss to every parameter, the last step first. All gradients use the old weights.",
    "update": "Every parameter moves a little against its gradient.",
}


def render(sheet: Sheet, solution: bool = False) -> str:
    """Return the page, empty or (for the teacher) filled in."""
    title = f"Backpropagation by hand: worksheet {sheet.seed}{', solution' if solution else ''}"
    known = rules(sheet.activation, sheet.loss)
    parts = [_part(sheet, part, list(known), solution) for part in TITLES]
    body = [_head(sheet, title, solution), _rules(known), _table(sheet), *parts, _end(sheet, solution)]
    style = STYLE.read_text(encoding="utf-8")
    meta = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
    head = f'<!doctype html>\n<html lang="en">\n<head>\n{meta}\n<title>{title}</title>\n<style>\n{style}</style>\n</head>\n'
    return head + "<body>\n<main>\n" + "\n".join(part for part in body if part) + "\n</main>\n</body>\n</html>\n"


def _head(sheet: Sheet, title: str, solution: bool) -> str:
    name = "" if solution else '<p class="who">Name <span></span> Date <span class="short"></span></p>'
    loss = "the squared error" if sheet.loss == "mse" else "the binary cross-entropy"
    hidden = {"sigmoid": "the sigmoid σ", "relu": "the ReLU <i>f</i>", "leaky_relu": "the leaky ReLU <i>f</i> with slope 0.1"}[
        sheet.activation
    ]
    exact = sheet.activation != "sigmoid" and sheet.loss == "mse"
    digits = "No number needs rounding." if exact else "Round every number to three digits after the point."
    said = [
        f"One sample, {_equals(sheet, 'x1')}, {_equals(sheet, 'x2')}, with the target {_equals(sheet, 'y')}, goes through this network.",
        f"The hidden units have {hidden}, the output has no activation, and the loss is {loss}.",
        f"The learning rate is {_equals(sheet, 'eta')}. {digits}",
        '<i>dw</i> is short for <span class="whole">∂<i>L</i>/∂<i>w</i></span>, the gradient for <i>w</i>.',
    ]
    picture = f'<figure role="region" tabindex="0" aria-label="The network">{draw(sheet)}</figure>'
    return f"<header><h1>{title}</h1>{name}</header>\n<p>{' '.join(said)}</p>\n{picture}"


def _equals(sheet: Sheet, name: str) -> str:
    return f'<span class="whole">{label(name)} = {number(sheet.given[name])}</span>'


def _rules(known: dict[str, tuple[str, str]]) -> str:
    items = "".join(f"<li><b>{title}:</b> <span>{text}</span></li>" for title, text in known.values())
    return f'<section class="rules"><h2>Rules</h2><ol>{items}</ol></section>'


def _table(sheet: Sheet) -> str:
    """Return the table of the sigmoid and, for the cross-entropy, of the logarithms."""
    wanted = {"hidden": SLOPES.get(sheet.activation) is None, "output": sheet.loss == "bce"}
    if not any(wanted.values()):
        return ""
    places = [place / 10 for place in range(31)] if wanted["output"] else [place / 2 for place in range(1, 6)]
    rows = {"<i>z</i>": [f"{z:.1f}" for z in places], "σ": [f"{_sigmoid(z):.3f}" for z in places]}
    if wanted["output"]:
        rows["−ln σ"] = [f"{-math.log(_sigmoid(z)):.3f}" for z in places]
        rows["−ln(1 − σ)"] = [f"{-math.log(1 - _sigmoid(z)):.3f}" for z in places]
    columns = list(zip(*rows.values(), strict=True))
    blocks = [columns[first : first + 8] for first in range(0, len(columns), 8)]
    tables = "".join(_block(list(rows), block) for block in blocks)
    nearest = " Take the nearest entry." if wanted["output"] else ""
    said = f"For a negative <i>z</i>: σ(−<i>z</i>) = 1 − σ(<i>z</i>).{nearest}"
    return f'<section class="sigmoid"><h2>Table of the sigmoid</h2><p>{said}</p><div>{tables}</div></section>'


def _block(heads: list[str], rows: list[tuple[str, ...]]) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{entry}</td>" for entry in row[1:])}</tr>' for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def _part(sheet: Sheet, part: str, keys: list[str], solution: bool) -> str:
    start = [step.part for step in sheet.steps].index(part)
    steps = [step for step in sheet.steps if step.part == part]
    rows = "".join(_row(sheet, start + place + 1, step, keys.index(step.rule) + 1, solution) for place, step in enumerate(steps))
    head = '<div class="row heads" aria-hidden="true"><span>step</span><span>rule</span><span>working</span><span>result</span></div>'
    return f'<section class="steps {part}"><h2>{TITLES[part]}</h2><p>{SAID[part]}</p>{head}<ol start="{start + 1}">{rows}</ol></section>'


def _row(sheet: Sheet, place: int, step: Step, rule: int, solution: bool) -> str:
    values = sheet.given | sheet.answers
    shown = working(_chosen(sheet, step), values) if solution else ""
    result = number(sheet.answers[step.name]) if solution else ""
    return (
        f'<li class="row"><span class="place">{place}</span><span class="rule"><span class="said">rule </span>{rule}</span>'
        f'<span class="name">{label(step.name)} =</span><span class="working">{shown}</span><span class="box">{result}</span></li>'
    )


def _chosen(sheet: Sheet, step: Step) -> str:
    """Return the formula with its cases decided: which label, and on which side of zero."""
    below = SLOPES.get(sheet.activation)

    def decide(found: re.Match[str]) -> str:
        kind, z = found.groups()
        factor = "1" if sheet.answers[z] > 0 else f"{below:g}"
        return factor if kind == "slope" else z if factor == "1" else f"{factor}*{z}"

    if step.name == "L" and sheet.loss == "bce":
        return "-log(p)" if sheet.given["y"] else "-log(1 - p)"
    return step.formula.replace("f(", "sigmoid(") if below is None else re.sub(r"\b(f|slope)\((z[12])\)", decide, step.formula)


def _end(sheet: Sheet, solution: bool) -> str:
    if solution:
        before, after = number(sheet.answers["L"]), number(sheet.new_loss(sheet.answers))
        said = "These numbers were worked out without rounding in between; a pencil may differ in the last digit."
        return (
            f'<section class="end"><h2>Check</h2><p>{said} With the new parameters the loss falls from {before} to {after}.</p></section>'
        )
    said = "In a notebook of the book, put your numbers in place of <code>None</code>. The cell names the first wrong step."
    return f'<section class="end"><h2>Check</h2><p>{said}</p><pre><code>{escape(cell(sheet))}</code></pre></section>'
