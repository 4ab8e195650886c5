"""Every call to AWS of a stage's whole life: deployed, deployed with a key and limits, put back, taken down.

python -m tests.deploy.recorded_calls PROJECT
"""

import json
import os
import sys
from pathlib import Path
from typing import Any, Final

from botocore.client import BaseClient

from cli.deploying.stage import deploy_previous_release, deploy_stage
from tests.deploy.interruptions import _account, deploy, destroy, destroy_but_data

LIMITED: Final = {"VINTNER_API_KEY": "on", "VINTNER_RATE_LIMIT": "20", "VINTNER_BURST_LIMIT": "40"}
_client: Any = BaseClient  # its one method for all operations is not in the stubs
_call = _client._make_api_call
_calls: set[str] = set()


def _recorded(client: BaseClient, operation: str, arguments: dict[str, Any]) -> object:
    _calls.add(f"{client.meta.service_model.service_id.hyphenize()}:{operation}")
    return _call(client, operation, arguments)


def main(project: str) -> None:
    """Print the calls as a JSON list of ``service:Operation``."""
    os.chdir(project)
    _client._make_api_call = _recorded
    deploy()
    config = Path(".chalice") / "config.json"
    original = config.read_text(encoding="utf-8")
    changed = json.loads(original)
    changed["stages"]["dev"]["environment_variables"] |= LIMITED
    changed["lambda_functions"]["promote"]["lambda_memory_size"] = 2048
    config.write_text(json.dumps(changed), encoding="utf-8")
    (Path("functions") / "more.py").write_text("MORE = 1\n", encoding="utf-8")
    deploy_stage(_account(), lambda _name, _text: None)
    config.write_text(original, encoding="utf-8")
    deploy()
    deploy_previous_release(_account(), lambda _name, _text: None)
    destroy_but_data()
    deploy()
    destroy()
    print(json.dumps(sorted(_calls)))


if __name__ == "__main__":
    main(*sys.argv[1:])
