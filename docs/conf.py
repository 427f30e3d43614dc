"""Settings of Sphinx: `make docs` builds everything without a network, and a warning is an error."""

from __future__ import annotations

import os
import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS)]
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

from generate import write_reference  # noqa: E402
from samples import quoted_figures, write_samples  # noqa: E402

from geoaccess.version import __version__  # noqa: E402

write_reference(DOCS)
write_samples(DOCS)

project = "geoaccess"
author = "The geoaccess authors"
project_copyright = "The geoaccess authors; maps made from OpenStreetMap data: © OpenStreetMap contributors"
version = release = __version__
language = "en"

extensions = ["sphinx.ext.autodoc", "numpydoc", "myst_nb", "mathml"]
exclude_patterns = ["_build", "requirements.lock"]
nitpicky = False
default_role = "py:obj"  # `name` in a docstring leads to that name, and is code where there is none
suppress_warnings = ["ref.python"]  # a name that stands in two rooms, such as Boats

# Pages
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "substitution"]
myst_substitutions = quoted_figures(DOCS)
myst_heading_anchors = 3
myst_links_external_new_tab = False

# Notebooks: executed in a folder of their own, kept while nothing changes.
nb_execution_mode = "cache"
nb_execution_cache_path = str(DOCS / "_build" / "notebooks")
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_execution_in_temp = True
nb_merge_streams = True
nb_mime_priority_overrides = [("html", "text/html", 0)]

# Docstrings
autodoc_typehints = "signature"
autodoc_default_options = {"undoc-members": False}
python_maximum_signature_line_length = 88
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

# Pages of HTML: everything they need is in the theme.
html_theme = "pydata_sphinx_theme"
html_math_renderer = "mathml"
html_title = f"geoaccess {version}"
html_extra_path = ["_build/extra"]
html_static_path = ["_static"]
html_css_files = ["geoaccess.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navbar_align": "left",
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
