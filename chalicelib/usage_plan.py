"""Who may ask and how often: what API Gateway checks before it calls the function."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from shared.errors import BadSetting
from shared.formats.values import as_number


@dataclass(frozen=True)
class Gate:
    """Whether an API key is needed; requests a second and at once, 0 where the account's own limits hold.

    The account's own are 10,000 a second: at 3.50 dollars a million whoever knows the address could spend 3,000 a day.
    """

    api_key: bool = False
    rate_limit: float = 50.0
    burst_limit: int = 100

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Gate":
        """Read the variables; raise BadSetting that names variable, value and what is allowed."""
        variables = os.environ if environment is None else environment
        api_key = variables.get("VINTNER_API_KEY", "").strip() or "off"
        if api_key not in {"off", "on"}:
            raise BadSetting(f"VINTNER_API_KEY={api_key!r}, expected one of: off, on")
        if not any(variables.get(name, "").strip() for name in ("VINTNER_RATE_LIMIT", "VINTNER_BURST_LIMIT")):
            return cls(api_key == "on")
        rate, burst = _number(variables, "VINTNER_RATE_LIMIT"), _number(variables, "VINTNER_BURST_LIMIT")
        if bool(rate) != bool(burst) or burst != int(burst):
            raise BadSetting(
                f"VINTNER_RATE_LIMIT={rate:g} and VINTNER_BURST_LIMIT={burst:g}, expected both or neither, and a whole "
                "number of requests at once"
            )
        return cls(api_key == "on", rate, int(burst))


def _number(variables: Mapping[str, str], name: str) -> float:
    value = variables.get(name, "").strip() or "0"
    number = as_number(value)
    if number is None or number < 0:
        raise BadSetting(f"{name}={value!r}, expected a number from 0")
    return number
