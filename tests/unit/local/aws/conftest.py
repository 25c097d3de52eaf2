"""The template of banking's functions as it goes to AWS, made once; nothing is deployed."""

from __future__ import annotations

from typing import Any

import pytest

from local.aws.packaged import Package, content_key, expand, package

Template = dict[str, Any]


@pytest.fixture(scope="session")
def packaged() -> Package:
    """Banking, packaged."""
    return package("banking", "dev")


@pytest.fixture(scope="session")
def expanded(packaged: Package) -> Template:
    """Their template without serverless notation."""
    code = {n: f"s3://bucket/{content_key(path)}" for n, path in packaged.files().items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        return expand(packaged.template, code)
