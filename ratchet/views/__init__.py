"""Views of a run: tables, charts, figures, the report and the live view. They decide nothing."""
