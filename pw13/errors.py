"""The two kinds of mistake that a user can make; only the command line turns them into exit codes."""


class UserError(Exception):
    """A file, a folder or the machine is at fault (exit code 1); the message is one line."""


class OptionError(Exception):
    """An option has a value that cannot be used (exit code 2); the message is one line that names it."""
