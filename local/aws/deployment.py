"""Deploys in order: first the servers, then each system.

A system's steps are package, migration, functions, alarms and smoke test. Each step can be repeated,
so a deployment that stopped is simply run again. A system's serving functions are changed only after
its migration has succeeded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from chalicelib.systems import NAMES
from local.aws.admin_key import ensure_admin_key
from local.aws.broker_user import put_platform_user
from local.aws.division import divide
from local.aws.made_up_secrets import ensure_secrets
from local.aws.migration import migrate
from local.aws.packaged import Package, content_key, expand
from local.aws.parameters import INFRA, fill, read_template
from local.aws.smoke import smoke_test
from local.aws.stacks import Change, Stacks

FOUNDATION = ("artifacts", "network", "secrets")
DATA = ("database", "broker", "cache", "way_out", "videos", "bank_files")
"""Independent of each other, so they are made at the same time: a broker takes 20 minutes."""
WATCH = ("monitoring/servers",)
SERVERS = (FOUNDATION, DATA, WATCH)

# A migration runs up to 15 minutes. A retried call would start a second migration.
_LONG_CALL = Config(read_timeout=910, tcp_keepalive=True, retries={"total_max_attempts": 1})
Say = Callable[[str], None]
Outputs = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Part:
    """The content of one stack: a template of `infra/`, or one that is made from a package.

    Attributes:
        name: the template's place in `infra/` without its ending
        system: the system of its functions or alarms; empty for what all systems share
    """

    name: str
    system: str = ""

    def stack(self, stage: str) -> str:
        return f"fintegrate-{stage}-{self.name.replace('/', '-')}"


def parts_of(system: str) -> tuple[Part, Part, Part]:
    """The stacks of a system in the order of deployment: migration, functions, alarms."""
    names = (f"{system}-migration", f"{system}-functions", f"monitoring/{system}")
    migration, functions, alarms = (Part(name, system) for name in names)
    return migration, functions, alarms


def all_parts(systems: Sequence[str] = NAMES) -> list[Part]:
    """Every stack of a stage in the order of deployment."""
    shared = [Part(name) for names in SERVERS for name in names]
    return [*shared, *(part for system in systems for part in parts_of(system))]


@dataclass(frozen=True, slots=True)
class Deployment:
    """One run of `make deploy`. `say` reports progress to a person."""

    stage: str
    session: boto3.Session
    stacks: Stacks
    environment: Mapping[str, str]
    say: Say
    look: Callable[[str], None] = smoke_test

    def run(self, packages: Mapping[str, Callable[[], Package]]) -> dict[str, str]:
        """Deploy everything. Returns the address of each system.

        Args:
            packages: the function that makes each system's package, in the order of deployment

        Raises:
            StackFailed, PackagingFailed, ParameterMissing, SchemaNotMigrated, NoPlatformUser,
            SmokeTestFailed.
        """
        outputs: dict[str, str] = {}
        for names in SERVERS:
            outputs |= self._bring_about([Part(name) for name in names], outputs)
        secrets = outputs["AdminKeySecretArn"], outputs["ApiKeyCheckSecretArn"]
        if ensure_admin_key(self.session.client("secretsmanager"), *secrets):
            self.say(
                "made the admin's API key; it is in the secret of the output AdminKeySecretArn"
            )
        for name in ensure_secrets(self.session.client("secretsmanager"), outputs):
            self.say(f"made what the secret of the output {name} holds")
        return {
            system: self._deploy_system(system, make(), outputs)
            for system, make in packages.items()
        }

    def _deploy_system(self, system: str, package: Package, shared: Outputs) -> str:
        migration, functions, alarms = parts_of(system)
        own = self._deploy_functions(package, migration, functions, shared)
        self._bring_about([alarms], {**shared, **own})
        self.look(own["ApiUrl"])
        return own["ApiUrl"]

    def _bring_about(self, parts: Sequence[Part], outputs: Outputs) -> dict[str, str]:
        """Create or update stacks of `infra/` side by side. Returns their outputs."""
        changes = [self._prepare(part, outputs) for part in parts]
        for change in changes:
            self.stacks.start(change)
        found: dict[str, str] = {}
        for change in changes:
            found |= self._finish(change)
        return found

    def _prepare(self, part: Part, outputs: Outputs) -> Change:
        parameters = self._fill(part, read_template(part.name), outputs)
        body = (INFRA / f"{part.name}.yaml").read_text(encoding="utf-8")
        return self.stacks.prepare(part.stack(self.stage), {"TemplateBody": body}, parameters)

    def _fill(self, part: Part, template: dict[str, Any], outputs: Outputs) -> list[dict[str, str]]:
        previous = self.stacks.parameters(part.stack(self.stage))
        return fill(template, self.stage, outputs, self.environment, previous, part.system)

    def _finish(self, change: Change) -> dict[str, str]:
        self.say(f"{change.stack}: {'changing' if change.kind else 'nothing to change'}")
        return self.stacks.finish(change)

    def _deploy_functions(
        self, package: Package, migration: Part, functions: Part, outputs: Outputs
    ) -> dict[str, str]:
        bucket = outputs["ArtifactsBucket"]
        code = {name: self._upload(bucket, path) for name, path in package.files().items()}
        first, rest = divide(expand(package.template, code))
        change = self._prepare_made(functions, rest, bucket, outputs)
        before = self._prepare_made(migration, first, bucket, outputs)
        self.stacks.start(before)
        self._finish(before)
        client = self.session.client("lambda", config=_LONG_CALL)
        has_own_broker = "PrepareBroker" in first["Resources"]
        applied = migrate(client, functions.system, self.stage, has_own_broker)
        self.say(f"migrations applied: {', '.join(applied) or 'none was missing'}")
        self.stacks.start(change)
        made = self._finish(change)
        if put_platform_user(client, functions.system, self.stage, rest):
            self.say("the functions' user of the broker has the password of its secret")
        return made

    def _prepare_made(
        self, part: Part, template: dict[str, Any], bucket: str, outputs: Outputs
    ) -> Change:
        """As `_prepare`, for a generated template. It is too long to be part of the call."""
        text = json.dumps(template, indent=1, sort_keys=True)
        key = f"{part.name}.template.json"
        self.session.client("s3").put_object(Bucket=bucket, Key=key, Body=text.encode())
        url = f"https://{bucket}.s3.{self.session.region_name}.amazonaws.com/{key}"
        parameters = self._fill(part, template, outputs)
        return self.stacks.prepare(part.stack(self.stage), {"TemplateURL": url}, parameters)

    def _upload(self, bucket: str, path: Path) -> str:
        """Upload a file under a name that follows from its content. Returns its place."""
        s3, key = self.session.client("s3"), content_key(path)
        if s3.list_objects_v2(Bucket=bucket, Prefix=key).get("KeyCount", 0) == 0:
            s3.upload_file(str(path), bucket, key)
        return f"s3://{bucket}/{key}"
