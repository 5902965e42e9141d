"""How Sphinx builds the pages that `assembling.py` has put together; every notebook is executed."""

from importlib.metadata import version as _version

project = "neurosym"
author = "The neurosym developers"
copyright = "The neurosym developers; Apache License 2.0"  # Sphinx's own name
release = version = _version("neurosym")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.intersphinx",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
]
source_suffix = {".md": "myst-nb", ".py": "myst-nb"}
exclude_patterns = ["conf.py", "assembling.py", "**/__pycache__"]
nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}
nb_execution_mode = "force"
nb_execution_timeout = 240
nb_execution_raise_on_error = True
nb_merge_streams = True
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "attrs_inline"]
myst_heading_anchors = 3

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
python_use_unqualified_type_names = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
intersphinx_mapping: dict[str, tuple[str, None]] = {}
linkcheck_timeout = 20
linkcheck_ignore = [r"http://localhost.*"]

html_theme = "furo"
html_title = "neurosym"
html_static_path = ["_static"]
html_extra_path: list[str] = []
html_css_files = ["neurosym.css"]
html_js_files = ["reachable.js"]
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b5d8a", "color-brand-content": "#0b5d8a"},
    "dark_css_variables": {"color-brand-primary": "#7cc4ec", "color-brand-content": "#7cc4ec"},
}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
