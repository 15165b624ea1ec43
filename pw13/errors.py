"""The kinds of errors that a user can cause; only the command line turns them into exit codes."""


class UserError(Exception):
    """A file, a folder or the machine is at fault (exit code 1); the message is one line."""


class ResumeError(UserError):
    """A run cannot be resumed from its files; it is left unchanged."""


class TakenOverError(UserError):
    """Another process has resumed the run, which is its own from then on."""


class AlreadyRunningError(UserError):
    """TensorFlow runs in this process, and with what was asked for it would have to start anew."""


class OptionError(Exception):
    """An option has an invalid value (exit code 2); the message is one line that names it."""
