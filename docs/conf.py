"""How Sphinx builds the documentation: ``sphinx-build -W -b html docs build/docs``."""

from __future__ import annotations

import unitwork
import unitwork.pool
import unitwork.schema
import unitwork.types

project = "unitwork"
author = "the unitwork authors"
copyright = "the unitwork authors"
release = version = unitwork.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode", "sphinx_copybutton"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["changes"]
html_theme = "furo"
html_title = "unitwork"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

# Docstrings are Google style, with a line for the ids of the specification.
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_custom_sections = ["Spec"]
napoleon_use_ivar = True
napoleon_use_rtype = False
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "undoc-members": False}
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True

#: A page may link to a file of the repository; the name of an attribute ("type") may also be that of a class.
suppress_warnings = ["myst.xref_missing", "ref.python"]


#: Members that only the inside of the library needs.
_INTERNAL = frozenset(
    """visit parameters python_type bits kind ddl_text own_key cache_key shape_into attach kept coerces converts_null
    is_server_default is_sequence sort_key_function should_evaluate_none copy_into given token
    for_dialect for_class type_engine allowed""".split()
)

#: Pages whose module has names that another page describes.
_ELSEWHERE = {
    "reference/core": {*unitwork.types.__all__, *unitwork.schema.__all__},
    "reference/engine": {*unitwork.__all__, *unitwork.pool.__all__},
}


def _is_left_out(app, what, name, obj, skip, options):  # type: ignore[no-untyped-def]
    """Each name is described once; internal members are on no page."""
    if app.env.docname in ("reference/types", "reference/schema") and name in _INTERNAL:
        return True
    return True if name in _ELSEWHERE.get(app.env.docname, ()) else None


def setup(app):  # type: ignore[no-untyped-def]
    """Called by Sphinx."""
    app.connect("autodoc-skip-member", _is_left_out)
