"""What a request to erase takes and what its answer gives."""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, ConfigDict, model_validator
from typing_extensions import TypedDict

from fintegrate.http.validation import Described, RequestModel

_LONGEST = 320


def short_text(value: Any) -> Any:
    """Refuse what is no text, in words that do not repeat it."""
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST:
        raise ValueError(f"must be a text of 1 to {_LONGEST} characters")
    return value


Value = Annotated[str, BeforeValidator(short_text)]


class Person(RequestModel):
    """Whom to erase: exactly one of the three, plain or as 64 hex digits of its SHA-256."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "jane@example.com"}]})

    email: Annotated[Value | None, Described("An e-mail address", "jane@example.com")] = None
    phone: Annotated[
        Value | None,
        Described(
            "A phone number; a national one is tried for the country of each storefront", None
        ),
    ] = None
    external_id: Annotated[Value | None, Described("The shop's id of the person", None)] = None

    @model_validator(mode="after")
    def exactly_one(self) -> Self:
        """Refuse none and several."""
        if len(self.named) != 1:
            raise ValueError("must name the person by exactly one of email, phone, external_id")
        return self

    @property
    def named(self) -> dict[str, str]:
        """The field that is there, with its value."""
        return {name: value for name, value in self.model_dump().items() if value is not None}


class Erased(TypedDict):
    """What was erased."""

    erased_count: Annotated[
        int, Described("Events that lost their user data, rows before the intake included", 3)
    ]
    skipped_count: Annotated[int, Described("Pending deliveries that are not sent any more", 1)]
