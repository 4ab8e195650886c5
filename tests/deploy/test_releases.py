"""A code update with a way back: each function is called after a deployment, and the release before is kept."""

import base64
import json
from pathlib import Path

import pytest

from tests.deploy.conftest import Cloud
from tests.support import account

BROKEN = "raise RuntimeError('this release is broken')\n"


def code_of(aws: Cloud) -> str:
    """The digest of the zip that all functions have."""
    (digest,) = {one["CodeSha256"] for one in account.functions(aws).values()}
    return base64.b64decode(digest).hex()


def kept(aws: Cloud) -> list[str]:
    """The digests of the zips in the bucket."""
    listed = aws.client("s3").list_objects_v2(Bucket=account.BUCKET, Prefix="deployments/dev/")["Contents"]
    return sorted(Path(one["Key"]).stem for one in listed if one["Key"].endswith(".zip"))


def change(aws: Cloud, text: str, name: str = "promote") -> None:
    path = aws.project / "functions" / f"{name}.py"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


@pytest.fixture(scope="module")
def two(aws: Cloud) -> tuple[str, str]:
    """The digests of two releases, the second of which is deployed."""
    done = aws.vintner("deploy", "--stage", "dev")
    assert done.returncode == 0, done.stderr
    assert "smoke test  7 functions answer; no model is in production yet\n" in done.stdout
    first = code_of(aws)
    alone = aws.vintner("deploy", "--stage", "dev", "--previous")
    assert "expected a release before the current one, found none" in alone.stderr
    change(aws, "\nSECOND = True\n")
    assert aws.vintner("deploy", "--stage", "dev").returncode == 0
    return first, code_of(aws)


def test_the_release_before_is_kept_and_comes_back(aws: Cloud, two: tuple[str, str]) -> None:
    first, second = two
    assert first != second
    assert kept(aws) == sorted(two)
    done = aws.vintner("deploy", "--stage", "dev", "--previous", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sha256"] == first == code_of(aws)
    assert aws.vintner("deploy", "--stage", "dev", "--previous").returncode == 0
    assert code_of(aws) == second


def test_a_release_that_does_not_work_is_seen_and_says_the_way_back(aws: Cloud, two: tuple[str, str]) -> None:
    change(aws, BROKEN)
    done = aws.vintner("deploy", "--stage", "dev")
    assert done.returncode == 1
    assert "promote does not work: RuntimeError: this release is broken" in done.stderr
    assert "'vintner deploy --stage dev --previous' puts the code and layer of before back" in done.stderr
    assert kept(aws) == sorted([two[1], code_of(aws)])
    back = aws.vintner("deploy", "--stage", "dev", "--previous")
    assert back.returncode == 0, back.stderr
    assert code_of(aws) == two[1]
