"""A query parameter of several values: given several times, or once with commas between the values.

`a: Annotated[list[UUID] | None, SEVERAL] = None`. A JSON body has a list. A value has no comma.
"""

from __future__ import annotations

from pydantic import BaseModel, BeforeValidator


def split(value: object) -> object:
    """The values of a text; a list stays as it is."""
    return value.split(",") if isinstance(value, str) else value


SEVERAL = BeforeValidator(split)


def takes_several(model: type[BaseModel], name: str) -> bool:
    """Whether the model's field of this name takes several values."""
    field = model.model_fields.get(name)
    return field is not None and SEVERAL in field.metadata
