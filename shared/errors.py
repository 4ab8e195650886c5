"""The errors of the project. Each leaf is what a caller does differently."""


class VintnerError(Exception):
    """The root: its text says what was expected, what was found, where, and what to do."""


class BadSetting(VintnerError):
    """A setting is missing or has a value that is not allowed: stop before any work."""


class Rejected(VintnerError):
    """The input is bad and stays bad: record why and never try it again."""


class NotFound(VintnerError):
    """There is no object under this key."""


class Conflict(VintnerError):
    """Somebody else wrote first: read again and decide again."""


class Unknown(VintnerError):
    """A write may or may not have happened: read back before doing anything else."""


class Unavailable(VintnerError):
    """The store cannot be reached now: the same call may work later."""
