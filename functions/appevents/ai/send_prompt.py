"""POST /api/v1/ai/prompt: a user asks the AI."""

from __future__ import annotations

from chalicelib.appevents.ai.blueprint import ai
from chalicelib.appevents.ai.models import Prompt, Reply
from chalicelib.appevents.wiring import endpoint_of, parts
from fintegrate.http.endpoint import Answer, Call

endpoint = endpoint_of("notification")


@ai.route("/api/v1/ai/prompt", methods=["POST"])
@endpoint(Prompt, gives=Reply, asks_another=True)
def send_prompt(call: Call[Prompt]) -> Answer:
    """Ask the AI, and wait up to 20 s for its answer.

    Off (503) unless the operator has set AI_ENDPOINT, AI_API_KEY and AI_MODEL. Nothing of the prompt or
    the answer is kept or logged.
    """
    from chalicelib.appevents.ai.chat import chat_of  # here, to spare other cold starts

    said = chat_of(parts().settings).ask(call.body.prompt)
    return Answer({"text": said.text, "model": said.model})
