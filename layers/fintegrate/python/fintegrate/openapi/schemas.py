"""The schemas of all models, made by pydantic, and of their envelope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from fintegrate.http.endpoint import Endpoint
from fintegrate.openapi.examples import example, published

JSON = "application/json"
_REF = "#/components/schemas/{model}"
NO_DATA: dict[str, Any] = {"type": "object", "maxProperties": 0}
Model = type[BaseModel] | type[Mapping[str, object]]


class Schemas:
    """Every model of a set of endpoints as a component; models are references, examples are not."""

    def __init__(self, specs: Iterable[Endpoint]) -> None:
        specs = list(specs)
        taken: set[tuple[Model, JsonSchemaMode]] = {
            (model, "validation") for s in specs for model in (s.takes, s.path) if model is not None
        }
        given: set[tuple[Model, JsonSchemaMode]] = {
            (s.gives, "serialization") for s in specs if s.gives is not None
        }
        ordered = sorted(taken | given, key=lambda item: (item[0].__module__, item[0].__name__))
        self._references, definitions = TypeAdapter.json_schemas(
            [(model, mode, TypeAdapter(model)) for model, mode in ordered], ref_template=_REF
        )
        self._definitions: dict[str, Any] = definitions.get("$defs", {})
        taken_names = sorted(ENVELOPES.keys() & self._definitions.keys())
        if taken_names:
            raise ValueError(f"models must not have these names: {', '.join(taken_names)}")
        self.components = {
            **ENVELOPES,
            **{name: published(d) for name, d in self._definitions.items()},
        }

    def request(self, model: Model) -> dict[str, Any]:
        """A reference to a request's schema."""
        return self._references[model, "validation"]

    def answer(self, model: Model | None) -> dict[str, Any]:
        """The schema of an answer with this `data`."""
        if model is None:
            return dict(reference("Success"))
        return envelope_schema(self.bare_answer(model))

    def bare_answer(self, model: Model) -> dict[str, Any]:
        """The schema of an answer that is this `data` alone, without the envelope."""
        return self._references[model, "serialization"]

    def request_example(self, model: Model) -> Any:
        """An example of a request that the model accepts."""
        return self._example(model, "validation")

    def answer_example(self, model: Model | None) -> Any:
        """An example of an answer's `data`."""
        return {} if model is None else self._example(model, "serialization")

    def parameters(self, model: Model, place: str) -> list[dict[str, Any]]:
        """The model's fields as parameters of a `query` or a `path`."""
        reference = self._references[model, "validation"]["$ref"]
        fields = self.components[reference.rpartition("/")[2]].get("properties", {})
        required = self.request_example(model)
        return [
            _parameter(name, place, _without_null(field), required)
            for name, field in fields.items()
        ]

    def _example(self, model: Model, mode: JsonSchemaMode) -> Any:
        return example(self._references[model, mode], self._definitions)


def reference(model: str) -> dict[str, str]:
    """A reference to the schema of this name."""
    return {"$ref": _REF.format(model=model)}


def envelope_schema(data: dict[str, Any]) -> dict[str, Any]:
    """The schema of an answer with this `data`."""
    return _closed({"data": data, "detail": reference("Detail")})


def _closed(properties: dict[str, Any], description: str = "") -> dict[str, Any]:
    return {
        **({"description": description} if description else {}),
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_DETAIL = {
    "status_code": {"type": "string", "pattern": "^[1-5][0-9]{2}$"},
    "status_name": {"type": "string", "pattern": "^[A-Z_]+$"},
    "status_description": {"type": "string", "minLength": 1},
}
_REASON = {"reason": {"type": "string", "description": "A stable word for programs"}}
DETAIL = _closed(_DETAIL, "The status as text, its name, and a sentence")
DETAIL_WITH_REASON = {**DETAIL, "properties": {**_DETAIL, **_REASON}}
"""Of systems whose errors may have one."""
ENVELOPES: dict[str, Any] = {
    "Detail": DETAIL,
    "Success": {
        **envelope_schema(NO_DATA),
        "description": "It is done, and there is nothing to say",
    },
    "Refusal": {**envelope_schema(NO_DATA), "description": "What is wrong and what to do"},
}
"""One schema for the refusals of all endpoints: generators of clients make a class of each."""


def _parameter(
    name: str, place: str, field: dict[str, Any], required: dict[str, Any]
) -> dict[str, Any]:
    """Describe a field as a parameter; `required` has an example of every required field."""
    schema = {key: value for key, value in field.items() if key != "description"}
    parameter = {"name": name, "in": place, "required": name in required, "schema": schema}
    if "description" in field:
        parameter["description"] = field["description"]
    if name in required:
        parameter["example"] = required[name]
    return parameter


def _without_null(field: dict[str, Any]) -> dict[str, Any]:
    """Make a nullable field an optional parameter, because a query cannot send null."""
    if "anyOf" not in field:
        return field
    kinds = [kind for kind in field["anyOf"] if kind != {"type": "null"}]
    rest = {k: v for k, v in field.items() if k != "anyOf" and (k, v) != ("default", None)}
    return {**rest, **kinds[0]} if len(kinds) == 1 else {**rest, "anyOf": kinds}
