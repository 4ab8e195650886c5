"""A Chalice project on disk: its stage's settings, and its app."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from local.errors import LocalError, last_line, where

if TYPE_CHECKING:
    from chalice.app import Chalice
    from chalice.config import Config

API: Final = "api_handler"  # Chalice's own name for the function behind the HTTP routes
DEFAULT_TIMEOUT_SECONDS: Final = 60
DEFAULT_MEMORY_MB: Final = 128


@dataclass(frozen=True)
class FunctionSettings:
    """What the stage says about one function."""

    name: str
    timeout_seconds: int
    memory_mb: int
    environment: dict[str, str]
    layers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Project:
    """The Chalice project in `directory`, as its stage `stage` configures it.

    `outer` is the environment that was there first: a variable that it sets wins over the stage's.
    """

    directory: Path
    stage: str
    outer: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)

    @cached_property
    def config(self) -> "Config":
        """Chalice's own reading of `.chalice/config.json` for this stage.

        Raise `LocalError` when there is no such file, it is not JSON, or it has no such stage.
        """
        try:
            config = self._factory.create_config_obj(chalice_stage_name=self.stage)
        except Exception as error:
            raise LocalError(f"{self.directory} is not a Chalice project that can be read: {error}") from error
        stages = config.config_from_disk.get("stages", {})
        if stages and self.stage not in stages:
            known = ", ".join(sorted(stages))
            raise LocalError(
                f"no stage {self.stage!r} in {self.directory / '.chalice' / 'config.json'}: it has {known}. "
                f"Name one of these, or add {self.stage!r} to its stages."
            )
        return config

    def environment(self, function: str = API) -> dict[str, str]:
        """The variables of one function: the stage's, unless the environment sets them already."""
        stage: dict[str, Any] = self.config.scope(self.stage, function).environment_variables
        return {name: self.outer.get(name, str(value)) for name, value in stage.items()}

    def function(self, name: str = API) -> FunctionSettings:
        """The settings of the function `name`, with Lambda's and Chalice's defaults."""
        config = self.config.scope(self.stage, name)
        return FunctionSettings(
            name=name,
            timeout_seconds=int(config.lambda_timeout or DEFAULT_TIMEOUT_SECONDS),
            memory_mb=int(config.lambda_memory_size or DEFAULT_MEMORY_MB),
            environment=self.environment(name),
            layers=tuple(config.layers or ()),
        )

    def deployed_name(self, function: str = API) -> str:
        """The name that Chalice gives the function in an account."""
        name = f"{self.config.app_name}-{self.stage}"
        return name if function == API else f"{name}-{function}"

    def lambda_variables(self, function: str = API) -> dict[str, str]:
        """The variables that tell a function that it runs in Lambda."""
        return {
            "AWS_LAMBDA_FUNCTION_NAME": self.deployed_name(function),
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.function(function).memory_mb),
        }

    def load(self, function: str = API) -> "Chalice":
        """Import `app.py` as the function `function` would, and return its Chalice app.

        Raise `LocalError` with the app's own message on one line when it does not load.
        """
        directory, factory = str(self.directory), self._factory  # a package has a chalice of its own, a smaller one
        if sys.path[0] != directory:
            # Another directory with an app.py of its own may come before the project's.
            sys.path.insert(0, directory)
        try:
            return factory.load_chalice_app(environment_variables=self.environment(function))
        except LocalError:
            raise
        except (Exception, SystemExit) as error:  # whatever an app may raise while it is imported
            raise LocalError(self._refusal(error)) from error

    def _refusal(self, error: BaseException) -> str:
        place = where(error, self.directory)
        own = " ".join(str(error).split()) or type(error).__name__
        # A class of Python's own says half of what went wrong (KeyError: 'X'); an app's own has a full text.
        text = last_line(error) if type(error).__module__ == "builtins" else own
        if isinstance(error, SystemExit):
            text = own
        return f"the app in {self.directory} did not load: {text}" + (f" ({place})" if place else "")

    @cached_property
    def _factory(self) -> Any:  # noqa: ANN401  (Chalice has no types)
        from chalice.cli.factory import CLIFactory  # noqa: PLC0415  (takes half a second to load)

        return CLIFactory(str(self.directory), environ=os.environ)
