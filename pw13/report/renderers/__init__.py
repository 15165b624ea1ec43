"""Renderers of the report: PDF, HTML, Markdown and notebook."""
