"""The document rendered as PDF, HTML, Markdown and notebook."""
