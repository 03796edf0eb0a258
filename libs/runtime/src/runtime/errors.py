"""What ends a process before it works.

StartupError    a setting, a schema, a topic, a port or a server it needs is not there
"""


class StartupError(Exception):
    """The process cannot start. The message is the one line an operator reads."""
