"""A URL is taken in one notation only, and says nothing when it is printed."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintegrate.outgoing.addresses import is_public
from fintegrate.outgoing.urls import UrlNotAllowed, allowed_hosts, target_of
from fintegrate.settings import SettingsError

LOCAL = allowed_hosts("localhost:8123, [::1]:9000,10.0.0.1:80", "local")


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "authority"),
    [
        ("https://api.example.com", "api.example.com", 443, "/", "api.example.com"),
        ("HTTPS://API.Example.com/A?b=C", "api.example.com", 443, "/A?b=C", "api.example.com"),
        ("https://example.com:8443/x", "example.com", 8443, "/x", "example.com:8443"),
        ("https://example.com?q=1", "example.com", 443, "/?q=1", "example.com"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443, "/", None),
        ("https://8.8.8.8/", "8.8.8.8", 443, "/", "8.8.8.8"),
        ("https://[2606:4700:0::1111]/", "2606:4700::1111", 443, "/", "[2606:4700::1111]"),
        ("https://a.b/?u=https://c.d/", "a.b", 443, "/?u=https://c.d/", "a.b"),
    ],
)
def test_public_url_is_read(
    url: str, host: str, port: int, path: str, authority: str | None
) -> None:
    target = target_of(url)

    assert (target.scheme, target.host, target.port) == ("https", host, port)
    assert target.path == path
    assert target.authority == (authority or host)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://example.com/", "https://"),
        ("ftp://example.com/", "https://"),
        ("//example.com/", "https://"),
        ("example.com", "https://"),
        ("", "https://"),
        ("https:///path", "a host"),
        ("https://user@example.com/", "no user"),
        ("https://user:word@example.com/", "no user"),
        ("https://example.com@10.0.0.1/", "no user"),
        ("https://example.com/#part", "fragment"),
        ("https://example.com#@10.0.0.1/", "fragment"),
        ("https://example.com:/", "port"),
        ("https://example.com:0/", "port"),
        ("https://example.com:0443/", "port"),
        ("https://example.com:65536/", "port"),
        ("https://example.com:443:443/", "port"),
        ("https://example.com:44a/", "port"),
        ("https://localhost/", "full name"),
        ("https://bücher.example/", "ASCII form"),
        ("https://127。0。0。1/", "ASCII form"),
        ("https://\uff11\uff12\uff17.0.0.1/", "ASCII form"),
        ("https://\u212a.example/", "ASCII form"),
        ("https://example.com\\@10.0.0.1/", "no user"),
        ("https://example.com\\.evil.example/", "no host name"),
        ("https://exa%6dple.com/", "no host name"),
        ("https://exa_mple.com/", "no host name"),
        ("https://example.com./", "no host name"),
        ("https://127.0.0.1./", "no host name"),
        ("https://-a.example/", "no host name"),
        ("https://a..example/", "no host name"),
        (f"https://{'a' * 64}.example/", "no host name"),
        (f"https://{'a.' * 127}example/", "no host name"),
        ("https://exam\tple.com/", "no host name"),
        ("https://example.com\n/", "no host name"),
        (" https://example.com/", "form"),
        ("https://example.com/a b", "percent-encoded"),
        ("https://example.com/a\r\nX: y", "percent-encoded"),
        ("https://example.com/ä", "percent-encoded"),
        ("https://example.com/\x00", "percent-encoded"),
        ("https://example.com/" + "a" * 5000, "at most"),
        ("https://0177.0.0.1/", "decimal"),
        ("https://0x7f.0.0.1/", "decimal"),
        ("https://0x7f000001/", "decimal"),
        ("https://2130706433/", "decimal"),
        ("https://127.1/", "decimal"),
        ("https://8.8.2056/", "decimal"),
        ("https://8.8.8.08/", "decimal"),
        ("https://8.8.8.0x8/", "decimal"),
        ("https://8.8.8.256/", "decimal"),
        ("https://example.0x/", "decimal"),
        ("https://1.2.3.4.5/", "decimal"),
        ("https://127.0.0.1/", "not public (loopback)"),
        ("https://169.254.169.254/latest", "not public (link-local)"),
        ("https://[::1]/", "not public (loopback)"),
        ("https://[::ffff:10.0.0.1]/", "not public (private)"),
        ("https://[64:ff9b::a9fe:a9fe]/", "not public (link-local)"),
        ("https://[fe80::1%25eth0]/", "zone"),
        ("https://[2606:4700::1%eth0]/", "zone"),
        ("https://[::1/", "a host"),
        ("https://[example.com]/", "no IPv6"),
        ("https://[1.2.3.4]/", "no IPv6"),
    ],
)
def test_other_notation_is_refused(url: str, said: str) -> None:
    with pytest.raises(UrlNotAllowed, match=".*".join(map(_escaped, [said]))):
        target_of(url)


def _escaped(text: str) -> str:
    return text.replace("(", r"\(").replace(")", r"\)")


@given(st.text(max_size=60))
def test_any_text_is_taken_or_refused(text: str) -> None:
    for url in (
        text,
        f"https://{text}/",
        f"https://{text}.example.com/",
        f"https://h.example/{text}",
    ):
        try:
            target = target_of(url)
        except UrlNotAllowed:
            continue
        assert target.host.isascii()
        assert target.host == target.host.lower()
        assert target.path.isascii()
        assert not set(target.path) & set(" \r\n\t\\#")


@given(st.ip_addresses())
def test_literal_address_must_be_public(address: IPv4Address | IPv6Address) -> None:
    host = f"[{address}]" if address.version == 6 else str(address)

    if is_public(address):
        assert target_of(f"https://{host}/").address == address
    else:
        with pytest.raises(UrlNotAllowed):
            target_of(f"https://{host}/")


def test_allowed_host_takes_plain_http() -> None:
    assert target_of("http://localhost:8123/x", LOCAL).is_allowed
    assert target_of("https://localhost:8123/x", LOCAL).is_allowed
    assert target_of("http://[0:0::1]:9000/", LOCAL).address == ip_address("::1")
    assert target_of("http://10.0.0.1/", LOCAL).authority == "10.0.0.1"


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8124/",
        "https://localhost/",
        "http://localhost.example.com:8123/",
        "http://example.com/",
        "https://10.0.0.1/",
    ],
)
def test_allowed_host_opens_no_other(url: str) -> None:
    with pytest.raises(UrlNotAllowed):
        target_of(url, LOCAL)


def test_place_is_remembered_for_its_list_only() -> None:
    for _ in range(2):
        assert target_of("http://localhost:8123/x?t=1", LOCAL).path == "/x?t=1"
        assert target_of("http://localhost:8123/y", LOCAL).path == "/y"
        with pytest.raises(UrlNotAllowed):
            target_of("http://localhost:8123/x?t=1")
        with pytest.raises(UrlNotAllowed):
            target_of("http://localhost:8123/a b", LOCAL)


@pytest.mark.parametrize("stage", ["", "dev", "prod", "LOCAL", "local "])
def test_allowed_hosts_need_stage_local(stage: str) -> None:
    with pytest.raises(SettingsError, match="STAGE=local"):
        allowed_hosts("localhost:8123", stage)


@pytest.mark.parametrize("stage", ["prod", "local"])
def test_no_allowed_hosts_work_everywhere(stage: str) -> None:
    assert allowed_hosts(" ,", stage) == frozenset()


@pytest.mark.parametrize("text", ["localhost", "localhost:", "http://localhost:1", "a:b", "*:80"])
def test_unreadable_allowed_host_is_named(text: str) -> None:
    with pytest.raises(SettingsError, match="SOME_HOSTS must hold host:port"):
        allowed_hosts(text, "local", "SOME_HOSTS")


def test_target_shows_no_path() -> None:
    target = target_of("https://hooks.example.com/services/secret-path?token=secret-token")

    assert "secret" not in f"{target} {target!r}"


@pytest.mark.parametrize(
    "url", ["https://a b/?t=secret", "https://h.example/?t=secret secret", "x:secret"]
)
def test_error_repeats_no_query(url: str) -> None:
    with pytest.raises(UrlNotAllowed) as caught:
        target_of(url)

    assert "secret" not in str(caught.value)
