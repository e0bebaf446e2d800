"""Settings that follow from `_config.yml`: each address is written there once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpkit

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

DESCRIPTION = "Backpropagation, derived step by step. Every equation, every number and every exercise is checked by a machine."


def _derive(app: Sphinx, config: Config) -> None:
    site = config.html_baseurl.rstrip("/") + "/"
    derived: dict[str, Any] = {
        "html_baseurl": site,
        "project": config.html_title,
        "version": bpkit.__version__,
        "release": bpkit.__version__,
        "sitemap_url_scheme": "{link}",
        "sitemap_excludes": ["search.html", "genindex.html", "py-modindex.html"],
        "ogp_site_url": site,
        "ogp_site_name": config.html_title,
        "ogp_image": site + "_static/card.png",
        "ogp_image_alt": f"{config.html_title}: a computational graph with values forward and gradients backward",
        "ogp_use_first_image": False,
        "ogp_social_cards": {"enable": False},
        "ogp_type": "book",
        "nb_ipywidgets_js": {},
        "nb_code_prompt_show": "Show the code",
        "nb_code_prompt_hide": "Hide the code",
        # No button on outputs; the fold's own line is not part of the code.
        "copybutton_selector": "div:not(.output) > div.highlight > pre",
        "copybutton_exclude": ".linenos, .gp, .fold-line",
        "numpydoc_show_class_members": False,
        "numpydoc_xref_param_type": False,
        "autodoc_member_order": "bysource",
        "autodoc_typehints": "none",
        "default_role": "py:obj",
        "html_last_updated_fmt": None,
        "html_copy_source": True,
        "html_domain_indices": False,
        "html_show_sourcelink": False,
    }
    for name, value in derived.items():
        setattr(config, name, value)
    _theme(config)


def _theme(config: Config) -> None:
    # The theme's own buttons and footer; what we show at the foot of a page is in templates/page-foot.html.
    options = config.html_theme_options
    options.setdefault("footer_content_items", ["page-foot.html"])
    options.setdefault("pygments_light_style", "a11y-high-contrast-light")
    options.setdefault("pygments_dark_style", "a11y-high-contrast-dark")
    options.setdefault("logo", {"text": config.html_title})
    options.setdefault("search_bar_text", "Search this book")
    options.setdefault("show_toc_level", 2)


def setup(app: Sphinx) -> None:
    """Fill in the derived settings before the other extensions read theirs."""
    app.add_config_value("bpbook_pyodide", "own", "html")
    app.connect("config-inited", _derive, priority=1)
