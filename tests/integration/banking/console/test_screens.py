"""Every screen, full, empty and failing: open to all, nothing cut off, a silent browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.integration.banking.console.conftest import BANK_KEY, NARROW, WIDE, Meet
from tests.integration.banking.console.flows.test_stills import SCALE, keep
from tests.support import console_banks as banks
from tests.support import console_data as data
from tests.support import console_further as further
from tests.support.console_api import Answer, ConsoleApi

MIDDLE = (768, 1024)
SMALLEST = (320, 640)
OF_BOTH = {
    "now": "Where events wait now",
    "events": "given up",
    f"events?event={data.event_id(6)}": "What happened",
    f"event?event_id={data.event_id(6)}": "What happened",
    f"lane?customer_id={data.customer_id(0xC1D9)}": "Number 5 holds the others",
    "failures": "KYC record locked",
    "failures?tab=letters": "expired",
    "failures?tab=unmatched": "unknown_event",
    "replays": "2,501 of 4,100 sent",
    "audit": "INC-2041",
    "connect": "AMQP facts",
}
OF_ADMIN = {
    **OF_BOTH,
    "banks": "Onboardings that are not finished",
    f"banks?consumer_id={data.bank_id(0)}": "Rotate the key",
    f"banks?consumer_id={data.bank_id(banks.AWAY)}": "does not answer: HTTP 503",
    f"banks?consumer_id={data.bank_id(banks.LEAVING)}": "It leaves.",
    "ledger": "An event is delivered without a receipt.",
}
OF_RELAY = {
    "relay/now": "bosley → meta is blocked",
    "relay/events": "not to be sent",
    "relay/events?event=4711-13": "At the other destinations",
    "relay/event?event_id=4712-14": "Retry-After: 30",
    "relay/failures": "consent_denied",
    "relay/streams": "Paused by an admin",
    "relay/streams?stream=12": "Its lane",
    "relay/audit": "INC-2041",
}
OF_APPEVENTS = {
    "appevents/now": "machine: dead letters",
    "appevents/events": "upload allowed",
    f"appevents/event?event_id={further.app_id(1)}": "Sent back to its function",
    "appevents/failures": "not_a_video",
    "appevents/streams": "Is behind",
    "appevents/streams?stream=machine": "rejected, or dead letters",
    "appevents/audit": "INC-2041",
}
STILLS = {
    "relay-now": ("relay/now", "bosley → meta is blocked"),
    "relay-events": ("relay/events?event=4711-13", "At the other destinations"),
    "relay-destination": ("relay/streams?stream=12", "Its lane"),
    "appevents-now": ("appevents/now", "machine: dead letters"),
    "appevents-event": (f"appevents/event?event_id={further.app_id(1)}", "Dead-lettered"),
}
"""Name of a still → its view, and words that are on it once it is drawn."""
OF_ALL = {**OF_ADMIN, **OF_RELAY, **OF_APPEVENTS}
EMPTY: dict[str, Any] = {
    "/events/list": {"events": [], "next_cursor": None, "total": 0, "at_least": False}
    | {"truncated": False},
    "/events/failures": {"groups": [], "rest": None, "as_of": data.iso()},
    "/dead-letters/list": {"dead_letters": [], "next_cursor": None, "total": 0, "at_least": False},
    "/replay/list": {"jobs": [], "next_cursor": None},
    "/audit/list": {"rows": [], "next_cursor": None},
    "/consumer/onboardings": {"onboardings": [], "next_cursor": None},
    "/customer/erasures": {"erasures": [], "next_cursor": None},
}
WHEN_EMPTY = {
    "now": "Nothing needs you.",
    "events?state=waiting": "Looked for: state waits.",
    "failures": "Nothing failed.",
    "failures?tab=letters": "There are no dead letters.",
    "replays": "No replay was made yet.",
    "audit": "No row matches.",
    "banks": "There is no bank yet.",
    "connect": "No customer was erased.",
    "relay/now": "Nothing needs you.",
    "relay/events?state=waiting": "Looked for: state waits.",
    "relay/failures": "Nothing failed.",
    "relay/streams": "There is no destination yet.",
    "relay/audit": "No row matches.",
    "appevents/events?stream=machine": "Looked for: function machine.",
}


def make_empty(api: ConsoleApi) -> None:
    """An API that has nothing yet."""
    nothing = {"verdict": {"level": "ok", "sentence": "No bank is connected yet.", "count": 0}}
    nothing |= {"attention": [], "streams": [], "last_hour": []}
    api.overview = {**api.overview, **nothing}
    for name, base in further.BASE.items():
        shown = {**further.overview(further.SYSTEMS[name]), **nothing}
        api.chosen[f"GET {base}/overview"] = Answer(200, shown)
    for base in ("", *further.BASE.values()):
        api.chosen |= {f"GET {base}{path}": Answer(200, told) for path, told in EMPTY.items()}


@pytest.mark.parametrize(
    ("screens", "theme", "size"),
    [(OF_ADMIN, "light", WIDE), (OF_RELAY, "dark", NARROW), (OF_APPEVENTS, "light", MIDDLE)],
    ids=["banking", "relay", "appevents"],
)
def test_every_screen_is_open_to_all(
    meet: Meet, screens: dict[str, str], theme: str, size: tuple[int, int]
) -> None:
    person = meet(theme, size).at("now")

    for view, words in screens.items():
        person.open(view)
        person.sees(words)
        person.check_access()


@pytest.mark.night_long
@pytest.mark.parametrize("size", [WIDE, MIDDLE, NARROW, SMALLEST])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("role", ["admin", "bank"])
def test_screens_fit_all_sizes(meet: Meet, role: str, theme: str, size: tuple[int, int]) -> None:
    person = meet(theme, size).open("now")
    person.sign_in(*((BANK_KEY, "") if role == "bank" else ()))

    for view, words in (OF_BOTH if role == "bank" else OF_ALL).items():
        person.open(view)
        person.sees(words)
        person.check_access()


@pytest.mark.night_long
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_empty_screens_lead_on(meet: Meet, api: ConsoleApi, theme: str) -> None:
    make_empty(api)
    person = meet(theme, NARROW).at("now")

    for view, words in WHEN_EMPTY.items():
        person.open(view)
        person.sees(words)
        person.check_access()


@pytest.mark.night_long
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_failing_screens_say_why(meet: Meet, api: ConsoleApi, theme: str) -> None:
    person = meet(theme, NARROW).at("now")
    person.sees("Where events wait now")
    refused = Answer(422, None, "limit: must be at most 200 \u202egnp.exe <b>x</b>")
    for base in ("", "/relay"):
        api.chosen |= {f"GET {base}{path}": refused for path in EMPTY}

    views = ("events", "failures", "failures?tab=letters", "replays", "audit")
    for view in (*views, "relay/events", "relay/failures"):
        person.open(view)
        person.sees("limit: must be at most 200")
        person.sees("req-")
    person.noise.clear()  # the browser reports each 422
    person.check_access()


@pytest.mark.night_long
def test_dialogs_fit_all_sizes(meet: Meet) -> None:
    for theme in ("light", "dark"):
        for size in (WIDE, SMALLEST):
            person = meet(theme, size).at("replays")
            person.sees("2,501 of 4,100 sent")
            person.button("New replay").click()
            expect(person.page.get_by_role("dialog")).to_be_visible()
            person.check_access()


@pytest.mark.night_long
@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_stills_of_further_systems(meet: Meet, theme: str, size: tuple[int, int]) -> None:
    """Nothing compares them; STILLS names a folder to keep them in."""
    person = meet(theme, size, device_scale_factor=SCALE[size]).at("now")

    for name, (view, words) in STILLS.items():
        person.open(view)
        person.sees(words)
        keep(person, f"{name}-{theme}-{size[0]}")
