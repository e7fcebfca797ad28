"""Settings of the documentation's site; tools/docs_site.py lays out the pages, and runs Sphinx."""

from __future__ import annotations

from importlib.metadata import version as version_of

project = "airflow-provider-poweroffice"
author = "The airflow-provider-poweroffice authors"
project_copyright = author
release = version = version_of("airflow-provider-poweroffice")

extensions = ["myst_parser"]
root_doc = "index"
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
myst_heading_anchors = 6  # GitHub's, which links between pages use
suppress_warnings = ["misc.highlighting_failure"]  # colours only: JSON inside a shell's quotes
add_module_names = False
toc_object_entries = False  # each has a heading
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True

html_theme = "furo"
html_show_sphinx = False
html_copy_source = False
html_permalinks_icon = "#"
templates_path = ["_templates"]
html_static_path = ["_static"]
html_css_files = ["site.css"]
