"""Builds suites: paths of programs come in; models, an index and reports go out.  Unchanged programs are kept."""
