"""Environment variables read by type; every error names the variable, its value and what is expected."""

import math
import re
from collections.abc import Mapping
from typing import Final, TypeVar

from shared.errors import BadSetting
from shared.formats.values import as_number

MEGABYTE: Final = 1_000_000  # what the settings that end with _MB count in

Choice = TypeVar("Choice", bound=str)


class Variables:
    """Typed access to environment variables; every error names the variable and its value."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, name: str) -> str:
        """The value without blanks around it; empty when it is not set."""
        return self._environment.get(name, "").strip()

    def has(self, name: str) -> bool:
        """Whether the variable is set."""
        return bool(self.text(name))

    def required(self, name: str, meaning: str) -> str:
        """A value that must be there."""
        value = self.text(name)
        if not value:
            raise BadSetting(
                f"{name} is not set, expected {meaning}; "
                "set it in the environment or under environment_variables in .chalice/config.json"
            )
        return value

    def missing(self, default: tuple[str, ...]) -> tuple[str, ...]:
        """The spellings of a missing value."""
        return ("", *self.names("VINTNER_MISSING")) if self.has("VINTNER_MISSING") else default

    def names(self, name: str) -> tuple[str, ...]:
        """A list with commas."""
        return tuple(part.strip() for part in self.text(name).split(",") if part.strip())

    def choice(self, name: str, allowed: tuple[Choice, ...]) -> Choice:
        """One of several values; the first is the default."""
        value = self.text(name) or allowed[0]
        for chosen in allowed:
            if chosen == value:
                return chosen
        raise BadSetting(f"{name}={value!r}, expected one of: {', '.join(allowed)}")

    def matching(self, name: str, default: str, form: str, meaning: str) -> str:
        """A value of the form of a regular expression, or none where there is no default."""
        value = self.text(name) or default
        if value and not re.fullmatch(form, value):
            raise BadSetting(f"{name}={value!r}, expected {meaning}")
        return value

    def number(self, name: str, default: float, at_most: float = math.inf) -> float:
        """A number from 0."""
        value = self.text(name)
        number = as_number(value) if value else default
        if number is None or not 0 <= number <= at_most:
            bound = "" if math.isinf(at_most) else f" to {at_most:g}"
            raise BadSetting(f"{name}={value!r}, expected a number from 0{bound}")
        return number
