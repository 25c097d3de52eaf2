"""What is packaged, and how it is divided: the migration with its needs, and everything else."""

from __future__ import annotations

import json
import lzma
import re
import zipfile
from typing import Any

from local.artifact.package.repack import CODE, MODULES
from local.aws.division import ALONE, divide
from local.aws.packaged import Package

Template = dict[str, Any]


def test_bundle_holds_sources_only(packaged: Package) -> None:
    with zipfile.ZipFile(packaged.files()["./deployment.zip"]) as bundle:
        names = [*bundle.namelist(), *json.loads(lzma.decompress(bundle.read(f"{CODE}{MODULES}")))]

    assert {"app.py", "systems.py"} < set(names)
    assert [name for name in names if name.endswith(".pyc")] == []


def test_layer_holds_the_authorities_of_the_database(packaged: Package, expanded: Template) -> None:
    variables = expanded["Resources"]["APIHandler"]["Properties"]["Environment"]["Variables"]
    file = re.search(r"sslrootcert=/opt/([\w./-]+)", variables["DATABASE_URL"]["Fn::Sub"])
    assert file

    with zipfile.ZipFile(packaged.files()["./layer-deployment.zip"]) as layer:
        assert file[1] in layer.namelist()


def test_nothing_is_lost_or_made_twice(expanded: Template) -> None:
    migration, functions = (set(part["Resources"]) for part in divide(expanded))

    shared = migration & functions
    assert migration | functions == set(expanded["Resources"])
    assert {name for name in shared if not name.startswith("ManagedLayer")} == {"InsideTheNetwork"}
    assert not functions & {"Migrate", "PrepareDatabase"}


def test_migration_brings_nothing_that_answers_requests(expanded: Template) -> None:
    migration, _ = divide(expanded)
    kinds = {resource["Type"] for resource in migration["Resources"].values()}

    assert kinds == {
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Role",
        "AWS::Lambda::Function",
        "AWS::Lambda::LayerVersion",
        "AWS::Logs::LogGroup",
    }


def test_condition_in_condition_in_condition_stays() -> None:
    inner = {"Fn::Equals": [{"Ref": "Wanted"}, "yes"]}
    outer = {"Fn::Not": [{"Condition": "Middle"}]}
    template = {
        "Parameters": {"Wanted": {}, "Unused": {}},
        "Conditions": {"Outer": outer, "Middle": {"Condition": "Inner"}, "Inner": inner},
        "Resources": {
            **{name: {"Type": "AWS::S3::Bucket"} for name in ALONE},
            "Bucket": {"Type": "AWS::S3::Bucket", "Condition": "Outer"},
        },
        "Outputs": {"Name": {"Value": {"Ref": "Bucket"}}},
    }

    migration, functions = divide(template)

    assert functions["Conditions"].keys() == {"Outer", "Middle", "Inner"}
    assert functions["Parameters"].keys() == {"Wanted"}
    assert migration["Conditions"] == migration["Parameters"] == {}


def test_parts_hold_what_they_name(expanded: Template) -> None:
    for part in divide(expanded):
        known = {*part["Resources"], *part["Parameters"]}
        assert references(part["Resources"]) - known == set()


def references(value: Any) -> set[str]:
    """Every Ref and GetAtt that is not AWS's own."""
    text = json.dumps(value)
    found = set[str]()

    def note(part: dict[str, Any]) -> dict[str, Any]:
        found.update(v if isinstance(v, str) else v[0] for k, v in part.items() if k in WORDS)
        return part

    json.loads(text, object_hook=note)
    return {name for name in found if not name.startswith("AWS::")}


WORDS = {"Ref", "Fn::GetAtt"}
