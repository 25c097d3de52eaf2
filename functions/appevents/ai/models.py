"""What a request to the AI takes and what its answer gives."""

from typing import Annotated

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from chalicelib.appevents.events.fields import Text
from fintegrate.http.validation import Described, RequestModel


class Prompt(RequestModel):
    """What a user asks."""

    model_config = ConfigDict(hide_input_in_errors=True)

    prompt: Annotated[
        str,
        Text(1, 8000),
        Field(repr=False),
        Described("The question; it is stored nowhere", "How many sets of squats for a beginner?"),
    ]


class Reply(TypedDict):
    """What the AI answered."""

    text: Annotated[str, Described("The answer", "Three sets of eight, twice a week.")]
    model: Annotated[str, Described("The model that answered", "llama3.1:8b")]
