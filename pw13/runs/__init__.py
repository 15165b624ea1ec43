"""Run folders: create, fill, read, resume and compare them."""
