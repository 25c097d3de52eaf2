"""XML is read as far as it is a message of ours, and refused where it is none."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.banking.consumer.messages import MalformedMessage, parse_event
from local.banking.consumer.xml_messages import NotOurXml, read_fields

NAMESPACE = "urn:fintegrate:message:1"
ENTITIES = '<!DOCTYPE m [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE m [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


def message(inner: str, before: str = "", namespace: str = NAMESPACE) -> bytes:
    return f'{before}<m xmlns="{namespace}">{inner}</m>'.encode()


@pytest.mark.parametrize("document_type", [ENTITIES, OUTSIDE, "<!DOCTYPE m>"])
def test_document_type_is_refused(document_type: str) -> None:
    with pytest.raises(NotOurXml, match="document type"):
        read_fields(message("<name>x</name>", before=document_type))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not XML",
        b"{}",
        message("<name>x</nam>"),
        message("<name>\x01</name>"),
        message("<name>&b;</name>"),
        b"\xff\xfe<",
        message("", before='<?xml version="1.0" encoding="utf-7"?>'),
        message("", before='<?xml version="1.0" encoding="shift-jis"?>'),
        message("", before='<?xml version="1.0" encoding="nobodys"?>'),
        message("<name>x</name>")[:-1],
        message("<name>x</name>") * 2,
    ],
)
def test_what_is_not_well_formed_is_refused(body: bytes) -> None:
    with pytest.raises(NotOurXml):
        read_fields(body)


@given(st.binary() | st.text("<>/ &;![]\"'=?mxn").map(message))
def test_anything_is_read_or_refused(body: bytes) -> None:
    with suppress(NotOurXml):
        read_fields(body)


def test_elements_of_others_are_ignored() -> None:
    foreign = '<sign xmlns="urn:other"><name xmlns="urn:fintegrate:message:1">x</name></sign>'

    assert read_fields(message(f"<name>Ann</name>{foreign}")) == {"name": "Ann"}


def test_root_of_others_is_refused() -> None:
    with pytest.raises(NotOurXml, match="root"):
        read_fields(message("<name>x</name>", namespace="urn:other"))


def test_repeated_field_is_refused() -> None:
    with pytest.raises(NotOurXml, match="twice"):
        read_fields(message("<name>x</name><name>y</name>"))


def test_deep_elements_are_refused() -> None:
    with pytest.raises(NotOurXml, match="deeper"):
        read_fields(message("<a>" * 100_000 + "</a>" * 100_000))


@pytest.mark.parametrize("json", ["", "{", '"', "[" * 100_000])
def test_wrong_json_is_refused(json: str) -> None:
    with pytest.raises(NotOurXml, match="JSON"):
        read_fields(message(f'<name encoding="json">{json}</name>'))


def test_unknown_encoding_is_refused() -> None:
    with pytest.raises(NotOurXml, match="encoding"):
        read_fields(message('<name encoding="base64">eA==</name>'))


def test_error_hides_the_values() -> None:
    with pytest.raises(MalformedMessage) as refused:
        parse_event(message("<name>Ann Example</nam>"), {}, "application/xml")

    assert "Ann" not in str(refused.value)


def test_another_major_version_is_refused() -> None:
    fields = """<schema_version>2.0</schema_version><event_type>customer_creation</event_type>
        <event_id>5a0c8f0e-7c38-4f0e-9d3c-1f2e3d4c5b6a</event_id>
        <data><customer_id>0b6f5d4c-0000-4000-8000-000000000001</customer_id></data>
        <metadata><created_at>2026-01-02T03:04:05Z</created_at><sequence>1</sequence></metadata>"""
    of_version_2 = message(fields, namespace="urn:fintegrate:message:2")

    with pytest.raises(MalformedMessage, match=r"reads 1\.x, got 2\.0"):
        parse_event(of_version_2, {}, "application/xml")


def test_content_type_decides_the_format() -> None:
    with pytest.raises(MalformedMessage, match="not well-formed"):
        parse_event(b"{}", {}, "Application/XML")
    with pytest.raises(MalformedMessage, match="json_invalid"):
        parse_event(message("<name>x</name>"), {}, "application/json")
