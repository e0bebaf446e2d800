"""The look of every figure: one style, colours that colour-blind readers can tell apart."""

from __future__ import annotations

# Okabe and Ito's palette, darkened where needed for contrast on white.
COLOURS = {"blue": "#0072B2", "orange": "#D55E00", "green": "#007F5F", "red": "#B2182B", "purple": "#8E4585", "grey": "#6B6B6B"}


def use_style() -> None:
    """Set Matplotlib's defaults for the book; Matplotlib is imported here, so that only figures need it."""
    import matplotlib as mpl
    from cycler import cycler

    mpl.rcParams.update(
        {
            "figure.figsize": (5.5, 3.4),
            "figure.dpi": 160,
            "figure.constrained_layout.use": True,
            "font.size": 11,
            "axes.prop_cycle": cycler(color=list(COLOURS.values())),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.alpha": 0.3,
            "legend.frameon": False,
        }
    )
