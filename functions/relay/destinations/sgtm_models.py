"""What requests about tag managers take and what their answers give."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from chalicelib.relay.destinations.credential_models import (
    Settings,
    StorefrontNumber,
    Warnings,
)
from chalicelib.relay.destinations.models import CreatedAt, IsActive, UpdatedAt
from fintegrate.http.validation import Described, RequestModel

Url = Annotated[str, Described("Where the container is", "https://tags.example.com")]
Path = Annotated[str, Described("What its Measurement Protocol client listens on", "/mp/collect")]
MeasurementId = Annotated[str, Described("The property of the container", "G-ABC123DEF4")]
SgtmSettings = Annotated[
    Settings,
    Described("What the documentation of a tag manager names", {"consent_mode": "optional"}),
]


class NewSgtmConfig(RequestModel):
    """A storefront's tag manager."""

    storefront_id: StorefrontNumber
    sgtm_url: Url
    path: Path = "/mp/collect"
    measurement_id: MeasurementId
    settings: Annotated[SgtmSettings, Field(default_factory=dict)]
    is_active: IsActive = True


class SgtmConfigChange(RequestModel):
    """What to change of a tag manager; what is left out stays, and null takes a setting out."""

    sgtm_url: Url | None = None
    path: Path | None = None
    measurement_id: MeasurementId | None = None
    settings: SgtmSettings | None = None
    is_active: IsActive | None = None


class SgtmConfig(TypedDict):
    """A storefront's tag manager."""

    id: Annotated[int, Described("Its number", 3)]
    lane_id: Annotated[int, Described("The number of its lane", 12)]
    storefront_id: StorefrontNumber
    sgtm_url: Url
    path: Path
    measurement_id: MeasurementId
    settings: SgtmSettings
    is_active: IsActive
    created_at: CreatedAt
    updated_at: UpdatedAt


class SgtmConfigWritten(SgtmConfig):
    """The tag manager as it is now."""

    warnings: Warnings


class SgtmConfigList(TypedDict):
    """All tag managers."""

    sgtm_configs: list[SgtmConfig]
