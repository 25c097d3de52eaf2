"""Why a video cannot be shown: a stable word, and a sentence for the user."""

from __future__ import annotations

REASONS = {
    "unsupported_format": "The file is no MP4, MOV, WebM or Matroska video",
    "no_picture": "The file has no picture",
    "too_large_picture": "The picture is too large: at most 8,294,400 pixels and 120 frames a second",
    "too_long": "The video is longer than 10 minutes",
    "damaged": "The file is damaged or incomplete",
    "changed_after_completion": "The file was changed or removed after the upload was completed",
    "processing_timeout": "The video took too long to process",
    "gave_up": "The video could not be processed; upload it again",
}


class CannotBeShown(Exception):
    """The video cannot be shown, however often it is tried; `code` is one of `REASONS`."""

    def __init__(self, code: str) -> None:
        super().__init__(REASONS[code])
        self.code = code
        self.reason = REASONS[code]
