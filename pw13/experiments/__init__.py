"""One experiment a file, each told on one screen."""
