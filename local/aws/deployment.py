"""The order of a deployment: data, package, migration, functions, monitoring, a look from outside.

Each step can be repeated, so a deployment that stopped is run again. Nothing that answers requests
is touched before the migration has succeeded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local.aws.admin_key import ensure_admin_key
from local.aws.division import divide
from local.aws.migration import migrate
from local.aws.packaged import Package, content_key, expand
from local.aws.parameters import INFRA, fill, read_template
from local.aws.smoke import smoke_test
from local.aws.stacks import Change, Stacks

FOUNDATION = ("artifacts", "network", "secrets")
DATA = ("database", "broker", "cache")
"""They know nothing of each other: made at the same time, because a broker takes 20 minutes."""
MIGRATION, FUNCTIONS, MONITORING = "migration", "functions", "monitoring"
EVERYTHING = (*FOUNDATION, *DATA, MIGRATION, FUNCTIONS, MONITORING)

# A migration runs up to 15 minutes, and a call that is sent again would be a second one.
_LONG_CALL = Config(read_timeout=910, tcp_keepalive=True, retries={"total_max_attempts": 1})
Say = Callable[[str], None]


def stack_name(stage: str, part: str) -> str:
    """The name of a part's stack."""
    return f"fintegrate-{stage}-{part}"


@dataclass(frozen=True, slots=True)
class Deployment:
    """One run of `make deploy`; `say` tells a person how far it is."""

    stage: str
    session: boto3.Session
    stacks: Stacks
    environment: Mapping[str, str]
    say: Say
    look: Callable[[str], None] = smoke_test

    def run(self, make_package: Callable[[str], Package]) -> str:
        """Deploy everything; the address under which the API answers.

        Raises:
            StackError, PackagingError, MissingParameterError, MigrationFailedError, SmokeTestError.
        """
        outputs: dict[str, str] = {}
        for parts in (FOUNDATION, DATA):
            outputs |= self._bring_about(parts, outputs)
        if ensure_admin_key(self.session.client("secretsmanager"), outputs["AdminKeySecretArn"]):
            self.say(
                "made the admin's API key; it is in the secret of the output AdminKeySecretArn"
            )
        outputs |= self._deploy_functions(make_package(self.stage), outputs)
        outputs |= self._bring_about((MONITORING,), outputs)
        self.look(outputs["ApiUrl"])
        return outputs["ApiUrl"]

    def _bring_about(self, parts: tuple[str, ...], outputs: Mapping[str, str]) -> dict[str, str]:
        """Create or update stacks of `infra/` side by side; their outputs."""
        changes = [self._prepare(part, outputs) for part in parts]
        for change in changes:
            self.stacks.start(change)
        found: dict[str, str] = {}
        for change in changes:
            found |= self._finish(change)
        return found

    def _prepare(self, part: str, outputs: Mapping[str, str]) -> Change:
        parameters = self._fill(part, read_template(part), outputs)
        body = (INFRA / f"{part}.yaml").read_text(encoding="utf-8")
        return self.stacks.prepare(stack_name(self.stage, part), {"TemplateBody": body}, parameters)

    def _fill(
        self, part: str, template: dict[str, Any], outputs: Mapping[str, str]
    ) -> list[dict[str, str]]:
        previous = self.stacks.parameters(stack_name(self.stage, part))
        return fill(template, self.stage, outputs, self.environment, previous)

    def _finish(self, change: Change) -> dict[str, str]:
        self.say(f"{change.stack}: {'changing' if change.kind else 'nothing to change'}")
        return self.stacks.finish(change)

    def _deploy_functions(self, package: Package, outputs: Mapping[str, str]) -> dict[str, str]:
        bucket = outputs["ArtifactsBucket"]
        code = {name: self._upload(bucket, path) for name, path in package.files().items()}
        migration, functions = divide(expand(package.template, code))
        change = self._prepare_made(FUNCTIONS, functions, bucket, outputs)
        before = self._prepare_made(MIGRATION, migration, bucket, outputs)
        self.stacks.start(before)
        self._finish(before)
        applied = migrate(self.session.client("lambda", config=_LONG_CALL), self.stage)
        self.say(f"migrations applied: {', '.join(applied) or 'none was missing'}")
        self.stacks.start(change)
        return self._finish(change)

    def _prepare_made(
        self, part: str, template: dict[str, Any], bucket: str, outputs: Mapping[str, str]
    ) -> Change:
        """As `_prepare`, for a template that is made here; it is too long to be sent in the call."""
        text = json.dumps(template, indent=1, sort_keys=True)
        key = f"{part}.template.json"
        self.session.client("s3").put_object(Bucket=bucket, Key=key, Body=text.encode())
        url = f"https://{bucket}.s3.{self.session.region_name}.amazonaws.com/{key}"
        parameters = self._fill(part, template, outputs)
        return self.stacks.prepare(stack_name(self.stage, part), {"TemplateURL": url}, parameters)

    def _upload(self, bucket: str, path: Path) -> str:
        """Put a file into the bucket under a name of its content; its place."""
        s3, key = self.session.client("s3"), content_key(path)
        if s3.list_objects_v2(Bucket=bucket, Prefix=key).get("KeyCount", 0) == 0:
            s3.upload_file(str(path), bucket, key)
        return f"s3://{bucket}/{key}"
