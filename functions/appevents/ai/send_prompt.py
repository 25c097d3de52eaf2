"""POST /api/v1/ai/prompt: a user asks the AI."""

from __future__ import annotations

from chalicelib.appevents.ai.blueprint import ai
from chalicelib.appevents.ai.models import Prompt, Reply
from chalicelib.appevents.wiring import endpoint_of, parts, request_parts
from fintegrate.http.endpoint import Answer, Call

endpoint = endpoint_of("notification")
REQUESTS = 20
"""So many requests a prompt costs of the rate limit: it may hold a place of the API for 20 s."""


@ai.route("/api/v1/ai/prompt", methods=["POST"])
@endpoint(Prompt, gives=Reply, asks_another=True)
def send_prompt(call: Call[Prompt]) -> Answer:
    """Ask the AI, and wait up to 20 s for its answer.

    Off (503) unless the operator has set AI_ENDPOINT, AI_API_KEY and AI_MODEL. Nothing of the prompt or
    the answer is kept or logged.
    """
    from chalicelib.appevents.ai.chat import chat_of  # here, to spare other cold starts

    chat = chat_of(parts().settings)
    request_parts().rate_limiter.take(call.caller.key_id, cost=REQUESTS - 1)
    said = chat.ask(call.body.prompt)
    return Answer({"text": said.text, "model": said.model})
