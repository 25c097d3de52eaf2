"""The two pages of app.events in Chromium: two users, uploads, a passcode, and a queue offline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Dialog, expect

from tests.integration.appevents.browser.conftest import Person, Site
from tests.integration.appevents.browser.visitors import NARROW, WIDE, Visit, Visitor, visits
from tests.support.waiting import eventually

TITLE = "Squats, 100 kg"


class Uploaded(NamedTuple):
    """A video that its owner has uploaded with the page."""

    owner: Person
    noise: list[str]
    """What the console said meanwhile."""


@pytest.fixture(scope="module")
def site(site_environment: dict[str, str]) -> Iterator[Site]:
    """The API with its schedules: what a busy broker did not take at once goes to it soon."""
    site = Site({**site_environment, "SCHEDULER": "2"})
    yield site
    site.kill()


@pytest.fixture
def visit(chromium: Browser, site: Site) -> Iterator[Visit]:
    with visits(chromium, site) as visit:
        yield visit


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.integration.appevents.test_processing import MP4
    from tests.integration.appevents.test_processing import clip as made

    path = tmp_path_factory.mktemp("clips") / "squat.mp4"
    path.write_bytes(made(*MP4, "mp4", source="testsrc=size=320x180:rate=15:duration=2"))
    return path


@pytest.fixture(scope="module")
def uploaded(chromium: Browser, site: Site, clip: Path) -> Iterator[Uploaded]:
    """Alice's video: the page sends it to the store and follows it into the feed."""
    person = Person(site.environment)
    with visits(chromium, site) as visit:
        alice = visit(person, "Alice").open("demo")
        alice.page.set_input_files("#file", clip)
        alice.page.fill("#title", TITLE)
        alice.page.click("#upload-start")
        alice.sees("#upload-steps .done", "It is in your feed")
        expect(alice.page.locator("#upload-post img")).to_have_js_property("complete", True)
        yield Uploaded(person, alice.noise)


@pytest.fixture
def bob(visit: Visit, site: Site) -> Visitor:
    return visit(Person(site.environment), "Bob")


def test_processing_outlasts_being_offline(visit: Visit, site: Site, clip: Path) -> None:
    """Only the sending needs a connection: after it the file is safe in the store."""
    carol = visit(Person(site.environment), "Carol").open("demo")
    carol.page.route("**/api/v1/videos/*", lambda look: look.abort())
    carol.page.set_input_files("#file", clip)
    carol.page.click("#upload-start")
    carol.sees("#upload-steps .now", "Process the video")

    carol.page.get_by_role("button", name="Go offline").click()
    carol.sees("#network", "offline")
    expect(carol.page.locator("#upload-error")).to_be_hidden()
    carol.page.unroute("**/api/v1/videos/*")
    carol.page.get_by_role("button", name="Go online").click()

    carol.sees("#upload-steps .done", "It is in your feed")


def test_upload_appears_and_plays(uploaded: Uploaded, bob: Visitor) -> None:
    post = bob.open("feed").sees(".post", TITLE)
    picture = post.locator("img")
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 320

    post.get_by_role("button", name=f"Play {TITLE}").click()

    expect(post.locator("video")).to_have_js_property("paused", False)
    assert post.locator("video").evaluate(
        "video => new Promise((done) => video.addEventListener('timeupdate', () => done(true)))"
    )
    assert (uploaded.noise, bob.noise) == ([], [])


def test_like_and_comment_reach_the_owner(uploaded: Uploaded, bob: Visitor, visit: Visit) -> None:
    post = bob.open("feed", f"owner={uploaded.owner.id}").sees(".post", TITLE)
    post.get_by_role("button", name="Like").click()
    post.get_by_role("button", name="0 comments").click()
    bob.sees(".comments", "No comments yet.")
    bob.page.get_by_role("textbox", name="Your comment").fill("<b>What a set!</b>")
    bob.page.keyboard.press("Enter")
    bob.sees(".post button", "1 comment")

    alice = visit(uploaded.owner, "Alice").open("feed", f"owner={uploaded.owner.id}")
    seen = alice.sees(".post", TITLE)
    expect(seen.get_by_role("button", name=f"Like {TITLE}; 1 so far")).to_be_visible()
    seen.get_by_role("button", name="1 comment").click()
    alice.sees(".said p", "<b>What a set!</b>")

    bob.page.reload()
    expect(bob.sees(".post", TITLE).locator(".like")).to_have_attribute("aria-pressed", "true")
    assert (alice.noise, bob.noise) == ([], [])


def test_own_comment_is_deleted(uploaded: Uploaded, bob: Visitor) -> None:
    post = bob.open("feed", f"owner={uploaded.owner.id}").sees(".post", TITLE)
    post.locator("button[aria-expanded]").click()
    bob.page.get_by_role("textbox", name="Your comment").fill("Too much")
    bob.page.keyboard.press("Enter")

    post.get_by_role("button", name="Delete your comment: Too much").click()

    expect(post.get_by_text("Too much")).to_have_count(0)
    assert bob.noise == []


def test_passcode_closes_and_opens_a_feed(uploaded: Uploaded, bob: Visitor, visit: Visit) -> None:
    alice = visit(uploaded.owner, "Alice").open("feed")
    alice.sees("#access-now", "everyone")
    alice.page.get_by_label("Anyone with the passcode").check()
    alice.page.get_by_label("New passcode").fill("open sesame")
    alice.page.get_by_role("button", name="Save").click()
    alice.sees("#access-said", "Saved.")

    bob.open("feed", f"owner={uploaded.owner.id}")
    passcode = bob.page.get_by_label("Passcode", exact=True)
    expect(passcode).to_be_focused()
    assert bob.page.locator(".post").count() == 0
    passcode.fill("wrong")
    bob.page.keyboard.press("Enter")
    bob.sees("#unlock-error", "That is not the passcode.")
    passcode.fill("open sesame")
    bob.page.keyboard.press("Enter")
    bob.sees(".post", TITLE)
    bob.page.reload()
    bob.sees(".post", TITLE)

    alice.page.get_by_label("Everyone", exact=True).check()
    alice.page.get_by_role("button", name="Save").click()
    alice.sees("#access-now", "everyone")
    assert alice.noise == []
    assert len(bob.noise) == 2
    assert all("status of 403" in each for each in bob.noise)  # the browser's own words


def test_queue_waits_while_offline(bob: Visitor) -> None:
    bob.open("demo").page.get_by_role("button", name="Go offline").click()
    bob.send("Note on a machine: machine.note.saved", "Seat on 4")
    bob.send("Training program: program.created", "Legs")
    bob.send("Comment on no post: comment.created", "Nice!")
    expect(bob.page.locator("#queue .entry")).to_have_count(3)
    bob.sees("#queue .entry", "0 retries · next try when online")
    bob.page.reload()
    expect(bob.page.locator("#queue .entry")).to_have_count(3)
    bob.sees("header .pill", "3 waiting")

    bob.page.get_by_role("button", name="Go online").click()

    expect(bob.page.locator("#queue .entry")).to_have_count(0)
    for words in ("machine.note.persisted", "program.persisted", "(post_not_found)"):
        bob.sees("#outcomes .entry", words)
    assert bob.noise == []


def test_comment_waits_for_a_network(uploaded: Uploaded, bob: Visitor) -> None:
    post = bob.open("feed", f"owner={uploaded.owner.id}").sees(".post", TITLE)
    post.locator("button[aria-expanded]").click()
    bob.page.context.set_offline(True)
    bob.page.get_by_role("textbox", name="Your comment").fill("From the cellar")
    bob.page.keyboard.press("Enter")
    bob.sees(".said li", "waits in this browser")
    bob.sees("header .pill", "1 waiting")

    bob.page.context.set_offline(False)

    bob.sees(".said li", "you · just now")
    expect(bob.page.locator("header .pill")).to_be_hidden()


def test_refused_event_is_discarded(bob: Visitor) -> None:
    bob.open("demo").send("Something unknown: no.such.type", "Hm")
    bob.sees("#queue .entry", "event_type: is not a type that clients send")

    bob.page.get_by_role("button", name="Discard no.such.type: Hm").click()

    bob.sees("#queue-empty", "Nothing waits")
    expect(bob.page.locator("#queue-title")).to_be_focused()


def test_discarded_event_leaves_both_lists(bob: Visitor) -> None:
    bob.open("demo").page.get_by_role("button", name="Go offline").click()
    bob.send("Note on a machine: machine.note.saved", "Seat on 4")
    bob.sees("#outcomes .entry", "in the queue")
    bob.page.get_by_role("button", name="Discard machine.note.saved: Seat on 4").click()

    bob.page.get_by_role("button", name="Go online").click()

    bob.sees("#outcomes-empty", "Nothing was sent yet.")
    assert bob.noise == []


def test_failed_event_is_retried_by_hand(bob: Visitor) -> None:
    """The page shows how often, when next and why; nothing waits for the time that it shows."""
    bob.open("demo")
    bob.page.route("**/notify/events/batch", lambda route: route.fulfill(status=503, body="{}"))
    bob.send("Note on a machine: machine.note.saved", "Seat on 4")
    bob.sees("#queue .entry", "next try in")
    bob.sees("#queue .entry .bad", "503")
    bob.page.unroute_all()

    bob.page.get_by_role("button", name="Retry machine.note.saved: Seat on 4").click()

    bob.sees("#outcomes .entry", "machine.note.persisted")


def test_keyboard_is_enough(visit: Visit, site: Site) -> None:
    """Sign in, send, and discard, without a mouse."""
    person = Person(site.environment)
    page = visit(person, "").open_anonymously("demo").page

    def tab_to(selector: str) -> None:
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                outline = "getComputedStyle(document.activeElement).outlineStyle"
                assert page.evaluate(outline) != "none"
                return
        raise AssertionError(f"{selector} is not reached")

    tab_to("#token")
    page.keyboard.insert_text(person.token)
    page.keyboard.press("Enter")
    tab_to("#kind")
    page.keyboard.type("Something")
    tab_to("#text")
    page.keyboard.press("Enter")
    expect(page.locator("#queue .entry")).to_contain_text("no.such.type")
    tab_to(".acts button:last-child")
    page.keyboard.press("Enter")
    expect(page.locator("#queue .entry")).to_have_count(0)


def test_token_is_in_the_session_alone(bob: Visitor) -> None:
    page = bob.open("demo").page

    assert page.url.endswith("/app/demo")
    assert page.evaluate("history.length") == 2  # the blank page, and this one
    kept = page.evaluate("JSON.stringify([sessionStorage, localStorage, document.cookie])")
    assert kept.count(bob.person.token) == 1
    page.get_by_role("button", name="Sign out").click()
    assert page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize(("answer", "name"), [("dismiss", "Bob"), ("accept", "Eve")])
def test_link_of_another_user_asks(
    bob: Visitor, site_environment: dict[str, str], answer: str, name: str
) -> None:
    """Else anybody's link would have Bob tell his secrets in the name of its maker."""
    page, asked = bob.open("demo").page, list[str]()

    def say(dialog: Dialog) -> None:
        asked.append(dialog.message)
        getattr(dialog, answer)()

    page.on("dialog", say)
    page.evaluate(f"location.hash = 'token={Person(site_environment).token}&name=Eve'")

    expect(page.locator(".who")).to_contain_text(name)
    assert len(asked) == 1
    assert page.evaluate("location.hash") == ""


def test_wrong_token_is_explained(visit: Visit, site: Site) -> None:
    page = visit(Person(site.environment), "").open_anonymously("demo").page
    page.get_by_label("Token").fill("no token")
    page.get_by_role("button", name="Sign in").last.click()

    expect(
        page.get_by_role("alert").filter(has_text="This is not a token of a user")
    ).to_be_visible()


def test_page_asks_for_little(bob: Visitor) -> None:
    """The gateway lets one address make a hundred requests a minute."""
    asked: list[str] = []
    bob.page.on("request", lambda request: asked.append(request.url))
    bob.open("demo").sees("#outcomes-empty", "Nothing was sent yet.")
    assert len(asked) <= 8, asked

    asked.clear()
    bob.page.reload()
    bob.sees("#outcomes-empty", "Nothing was sent yet.")
    is_noted = (
        "performance.getEntriesByType('resource').some(({name}) => name.includes('/notify/events'))"
    )
    # The page's policy lets no function wait in it that comes from a string.
    eventually(lambda: bob.page.evaluate(is_noted), "the answer is noted")
    known = bob.page.evaluate(
        "performance.getEntriesByType('resource').filter(({transferSize}) => transferSize)"
        ".map(({name}) => new URL(name).pathname)"
    )
    assert known == ["/api/v1/notify/events"]


@pytest.mark.parametrize(("theme", "size"), [("light", WIDE), ("dark", NARROW)])
def test_pages_are_for_everybody(
    uploaded: Uploaded, visit: Visit, site: Site, theme: str, size: tuple[int, int]
) -> None:
    carol = visit(Person(site.environment), "Carol", theme, size)
    carol.open_anonymously("demo").sees("h2", "Sign in")
    carol.check_access()
    carol.open_anonymously("feed", f"owner={uploaded.owner.id}").sees(".post", TITLE)
    carol.check_access()

    carol.open("demo").send("Comment on no post: comment.created", "Nice!")
    carol.sees("#outcomes .entry", "event.rejected").locator("summary").click()
    carol.page.get_by_role("button", name="Go offline").click()
    carol.send("Note on a machine: machine.note.saved", "Seat on 4")
    carol.sees("#queue .entry", "when online")
    carol.check_access()
    carol.page.get_by_role("button", name="Go online").click()

    post = carol.open("feed", f"owner={uploaded.owner.id}").sees(".post", TITLE)
    post.locator("button[aria-expanded]").click()
    post.get_by_role("button", name="Like").click()
    carol.page.get_by_label("Anyone with the passcode").check()
    carol.sees(".comments .write button", "Comment")
    carol.check_access()
    assert carol.noise == []


def test_theme_is_kept(bob: Visitor) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    page = bob.open("demo").page
    light = page.evaluate(ground)
    page.get_by_label("Theme").select_option("dark")
    dark = page.evaluate(ground)

    page.reload()

    assert page.evaluate(ground) == dark != light
