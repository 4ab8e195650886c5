"""The ``vintner`` command."""
