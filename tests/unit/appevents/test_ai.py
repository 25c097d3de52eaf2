"""Which settings of the AI are taken: what is wrong says its setting, never its value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.appevents.ai.chat import chat_of
from chalicelib.appevents.configuration import Configuration
from fintegrate.errors import Unavailable

SET = {"ai_endpoint": "https://ai.example.com", "ai_api_key": "sk-secret", "ai_model": "llama3"}


def settings(**changed: Any) -> Configuration:
    none = Configuration(app_rabbitmq_url="", redis_url="", stage="prod")
    return replace(none, **{**SET, **changed})


def test_public_https_is_taken() -> None:
    assert chat_of(settings()) is chat_of(settings())


@pytest.mark.parametrize(
    "changed",
    [
        {"ai_endpoint": "http://ai.example.com"},
        {"ai_endpoint": "https://10.0.0.7"},
        {"ai_endpoint": "https://169.254.169.254"},
        {"ai_endpoint": "https://user:word@ai.example.com"},
        {"ai_endpoint": "https://ai"},
        {"ai_endpoint": "ai.example.com"},
        {"ai_chat_path": "/chat completions"},
        {"ai_chat_path": "/chat#part"},
    ],
)
def test_inner_or_plain_addresses_are_refused(changed: dict[str, str]) -> None:
    with pytest.raises(Unavailable, match="correct AI_ENDPOINT or AI_CHAT_PATH") as refused:
        chat_of(settings(**changed))

    assert not any(value in refused.value.description for value in changed.values())


def test_own_machine_may_be_plain() -> None:
    assert chat_of(settings(stage="local", ai_endpoint="http://127.0.0.1:3000"))


def test_key_is_not_shown() -> None:
    assert "sk-secret" not in repr(settings())
    assert "sk-secret" not in repr(chat_of(settings()))
