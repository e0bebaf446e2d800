"""The Sphinx extension of the book: directives, check marks, pages and the look of the site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """Register every part of the extension with Sphinx."""
    # Imported here, so that `import bpbook.site.build` works where Sphinx is not installed.
    from bpbook.site import (
        api,
        assets,
        borrowed,
        cells,
        equations,
        icons,
        landing,
        launch,
        links,
        live,
        misconceptions,
        named_cells,
        order,
        page,
        progress,
        progress_table,
        settings,
        vjp_sheet,
    )

    for part in (
        settings,
        order,
        misconceptions,
        equations,
        vjp_sheet,
        cells,
        named_cells,
        borrowed,
        links,
        api,
        landing,
        page,
        live,
        progress,
        progress_table,
        launch,
        assets,
        icons,
    ):
        part.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
