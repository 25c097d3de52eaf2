"""SQL stays in `.sql` files, is never assembled from strings, and names its tenant."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.tree import (
    FUNCTIONS,
    LAYER,
    ROOT,
    found_in,
    modules,
    statements,
    texts,
    tree_of,
)

SCHEMA = ROOT / "sql" / "banking" / "schema.sql"
SQL_TEXT = re.compile(
    r"\b(select\s+.+\s+from\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|for\s+update\b)",
    re.IGNORECASE | re.DOTALL,
)
NOBODYS_TABLES = {"migration_history", "recovery", "schedule_runs"}
"""Tables whose rows are no tenant's. Every other table of a system with tenants is a tenant's."""
TABLE = re.compile(r"^CREATE TABLE (\w+)", re.MULTILINE)
OF_ONE_OWNER = {"relay"}
"""Systems without tenants: all of their rows are the operator's."""
TENANT_TABLES = {
    table
    for schema in ROOT.glob("sql/**/schema.sql")
    if schema.relative_to(ROOT / "sql").parts[0] not in OF_ONE_OWNER
    for table in TABLE.findall(schema.read_text(encoding="utf-8"))
} - NOBODYS_TABLES
TOUCHES = re.compile(rf"\b(?:from|join|into|update|using)\s+({'|'.join(TENANT_TABLES)})\b", re.I)
FOR_ONE = re.compile(r"%\((?:(?:consumer|owner|user)_id|owner)\)s")
RUNS_SQL = {"fetch_one", "fetch_all", "execute"}

BY_EVENT = "goes by event ids that a statement with a tenant filter, or a sweep of all, has found"
BY_LANE = "goes by a bank, or a test of it, that a claim for this bank has found"
BY_LEASE = "goes by events and customers that a claim for one bank has leased"
BY_JOB = "goes by a job, and by its events, which a statement with a tenant filter has chosen"
OPERATOR = "the operator's own: all tenants on purpose, reached by the admin or by the clock only"
BY_MESSAGE = "goes by the hash of a message, before anybody knows whose it is"
SERVICES_OWN = "the keys with which a service signs: they are nobody's among the users"
BY_KEY = "finds out who calls: the key's public id comes before the tenant is known"
VISIBLE = "finds what a user names; the next statement asks whether the user may see it"
UNFILTERED = {
    "functions/appevents/console/history.sql": dict.fromkeys(
        ("committed", "settled", "lag"), OPERATOR
    ),
    "functions/appevents/console/listing.sql": dict.fromkeys(("page", "total"), OPERATOR),
    "functions/appevents/console/failures.sql": dict.fromkeys(("rejected", "letters"), OPERATOR),
    "functions/appevents/console/search_events.sql": {"letter": OPERATOR},
    "functions/appevents/console/uploads.sql": dict.fromkeys(
        ("page", "total", "failures"), OPERATOR
    ),
    "functions/appevents/console/uploads_waiting.sql": dict.fromkeys(
        ("under_way", "failed", "processed", "lag"), OPERATOR
    ),
    "functions/appevents/console/waiting.sql": dict.fromkeys(
        ("unsettled", "rejected", "letters"), OPERATOR
    ),
    "functions/appevents/consuming.sql": {"begin": BY_MESSAGE, "end": BY_MESSAGE},
    "functions/appevents/outbox.sql": {
        "mark_published_all": BY_EVENT,
        "mark_unpublished_all": BY_EVENT,
        "count": OPERATOR,
        "claim": OPERATOR,
        "confirmed": BY_EVENT,
        "failed": BY_EVENT,
    },
    "functions/appevents/program/reminders.sql": {"take_due": OPERATOR},
    "functions/appevents/notification/backlog.sql": {"read": OPERATOR},
    "functions/appevents/notification/outbox.sql": {
        "predecessors": "a user's own events, for the request that has just written one",
        "mark_unpublished_all": BY_EVENT,
        "count": OPERATOR,
        "claim": OPERATOR,
        "barriers": BY_EVENT,
        "confirmed": BY_EVENT,
        "failed": BY_EVENT,
    },
    "functions/appevents/ops/dead_letters.sql": {
        "list": OPERATOR,
        "take": OPERATOR,
        "mark_redriven": OPERATOR,
        "count_left": OPERATOR,
    },
    "functions/appevents/ops/gauges.sql": {
        "unsettled": OPERATOR,
        "pending": OPERATOR,
        "dead_letters": OPERATOR,
    },
    "functions/appevents/ops/reconcile.sql": {
        "accounts": OPERATOR,
        "dead_letters": OPERATOR,
        "given_up": OPERATOR,
        "ended": OPERATOR,
    },
    "functions/appevents/schedules/purge.sql": {
        "idempotency_keys": OPERATOR,
        "outbox": OPERATOR,
        "inbox_attempts": OPERATOR,
        "outbox_secrets": OPERATOR,
    },
    "functions/appevents/schedules/purge_events.sql": {
        "event_secrets": OPERATOR,
        "dead_letter_secrets": OPERATOR,
        "payloads": OPERATOR,
        "dead_letter_bodies": OPERATOR,
        "events": OPERATOR,
        "dead_letters": OPERATOR,
        "audit_rows": OPERATOR,
    },
    "functions/appevents/schedules/purge_settings.sql": {
        "feed_access_attempts": OPERATOR,
        "viewer_access_attempts": OPERATOR,
    },
    "functions/appevents/settings/signing_keys.sql": {
        "current": SERVICES_OWN,
        "add": SERVICES_OWN,
        "supersede": SERVICES_OWN,
        "public": SERVICES_OWN,
    },
    "functions/appevents/video/comments.sql": {
        "find": VISIBLE,
        "lock_post_of": VISIBLE,
        "delete": "goes by the id of a comment that a statement with a user filter has found",
        "unlist": "goes by the id of a comment that was just deleted, and by those above it",
    },
    "functions/appevents/video/counts.sql": {"wrong": OPERATOR},
    "functions/appevents/video/likes.sql": {
        "find_comment": VISIBLE,
        "lock_comment": VISIBLE,
        "list": "the likes of a post that a statement or a token lets the caller see",
    },
    "functions/appevents/video/upkeep.sql": {
        "expire": OPERATOR,
        "give_up": OPERATOR,
        "removable": OPERATOR,
        "deleted_posts": OPERATOR,
        "forget_grants": OPERATOR,
    },
    "functions/banking/archive/archiving.sql": {"banks": OPERATOR, "unfinished": OPERATOR},
    "functions/banking/archive/forgetting.sql": dict.fromkeys(
        ("give_up", "files", "mark_forgotten", "to_delete"), OPERATOR
    ),
    "functions/banking/broker/administration.sql": {
        "wanted": OPERATOR,
        "connections_seen": OPERATOR,
    },
    "functions/banking/broker/observations.sql": {
        "consumers": OPERATOR,
        "keep": OPERATOR,
        "take_absent": OPERATOR,
    },
    "functions/banking/consumer/admin_key.sql": {"find_installed": BY_KEY},
    "functions/banking/consumer/consumers.sql": {
        "count_consumers": OPERATOR,
        "create_consumer": OPERATOR,
        "list_consumers": OPERATOR,
    },
    "functions/banking/consumer/key_uses.sql": {"find_owner": OPERATOR},
    "functions/banking/consumer/keys.sql": {
        "deactivate_key": OPERATOR,
        "find_owner": OPERATOR,
        "expire_due_keys": OPERATOR,
    },
    "functions/banking/consumer/revocations.sql": {
        "marks": OPERATOR,
        "end_keys": OPERATOR,
        "end_sessions": OPERATOR,
        "end_accesses": OPERATOR,
        "deactivate_consumers": OPERATOR,
    },
    "functions/banking/events/dead_letters.sql": {"consumers": OPERATOR},
    "functions/banking/events/late.sql": {
        "barriers": BY_EVENT,
        "confirmed": BY_EVENT,
        "failed": BY_EVENT,
        "unconfirmed": BY_EVENT,
        "nacked": BY_EVENT,
    },
    "functions/banking/events/outbox.sql": {"mark_unpublished": BY_EVENT},
    "functions/banking/events/redeliver.sql": {
        "barriers": BY_EVENT,
        "confirmed": BY_EVENT,
        "failed": BY_EVENT,
    },
    "functions/banking/events/resend.sql": {
        "barriers": BY_EVENT,
        "confirmed": BY_EVENT,
        "failed": BY_EVENT,
        "unconfirmed": BY_EVENT,
        "nacked": BY_EVENT,
    },
    "functions/banking/events/rewind_worker.sql": {
        "unfinished": OPERATOR,
        "load": OPERATOR,
        "note_publishers": OPERATOR,
        "are_publishers_through": OPERATOR,
        "emptying": OPERATOR,
        "end_untouched": OPERATOR,
        "emptied": OPERATOR,
        "lock_publishing": OPERATOR,
        "mark_sent": BY_EVENT,
        "advance": OPERATOR,
        "finish": OPERATOR,
        "wait": OPERATOR,
    },
    "functions/banking/leaving/ending.sql": {
        "due": OPERATOR,
        **dict.fromkeys(("count_erased", "export_removed", "wait", "finish"), BY_JOB),
    },
    "functions/banking/leaving/export_worker.sql": {
        **dict.fromkeys(("take", "old"), OPERATOR),
        **dict.fromkeys(("note_cut", "is_quiet", "announce", "advance", "files"), BY_JOB),
        **dict.fromkeys(("finish", "release", "removed", "is_kept"), BY_JOB),
    },
    "functions/banking/leaving/exports.sql": {"sums": BY_JOB, "files": BY_JOB},
    "functions/banking/replay/worker.sql": {
        "start": OPERATOR,
        "take": OPERATOR,
        "hold": OPERATOR,
        "batches": BY_JOB,
        "lock": BY_JOB,
        "look": BY_JOB,
        "lock_customers": BY_JOB,
        "reopen": BY_JOB,
        "mark_sent": BY_JOB,
        "mark_refused": BY_JOB,
        "note_tried": BY_JOB,
        "advance": BY_JOB,
        "wait": BY_JOB,
        "release": OPERATOR,
        "count_confirmed": BY_JOB,
        "finished": OPERATOR,
        "forget": OPERATOR,
    },
    "functions/banking/events/reconcile.sql": {
        "keep_last": OPERATOR,
        "read_last": OPERATOR,
        "read_recovery": OPERATOR,
    },
    "functions/banking/events/recovery.sql": {
        "hold_access": OPERATOR,
        "unsettled": OPERATOR,
        "consumers": OPERATOR,
        "end_rewinds": OPERATOR,
        "begin_rewinds": OPERATOR,
        "give_access_back": OPERATOR,
        "lost": OPERATOR,
    },
    "functions/banking/events/skip_head.sql": {
        "describe_head": OPERATOR,
        "find_copy": OPERATOR,
        "find_head": OPERATOR,
        "lock_head": OPERATOR,
        "lock_lane": OPERATOR,
        "skip_copy": OPERATOR,
        "skip_head": OPERATOR,
    },
    "functions/banking/events/gauges.sql": {"read_gauges": OPERATOR},
    "functions/banking/broker/queue_gauges.sql": {"read_queues": OPERATOR},
    "functions/banking/consumer/key_gauges.sql": {"read_key_ends": OPERATOR},
    "functions/banking/console_gauges.sql": {"read_counts": OPERATOR},
    "functions/banking/customer/erasing.sql": {"unfinished": OPERATOR},
    "functions/banking/customer/usage.sql": {"consumers": OPERATOR},
    "functions/banking/onboarding/onboarding.sql": {"find": OPERATOR, "list": OPERATOR},
    "functions/banking/overview/history.sql": {
        "newest": "until when minutes are counted: the time alone, of the row of all streams"
    },
    "functions/banking/overview/minutes.sql": {
        "range": OPERATOR,
        "keep": OPERATOR,
        "observe": OPERATOR,
        "sum_hours": OPERATOR,
        "forget_minutes": OPERATOR,
        "forget_hours": OPERATOR,
    },
    "functions/banking/overview/waiting.sql": {"nobodys": OPERATOR},
    "functions/banking/schedules/purge.sql": {
        "idempotency_keys": OPERATOR,
        "receipts": OPERATOR,
        "replays": OPERATOR,
        "attempts": OPERATOR,
        "audit_rows": OPERATOR,
        "console_sessions": OPERATOR,
        "dead_letters": OPERATOR,
    },
    "functions/banking/webhooks/handing_over.sql": {"hand_over": BY_EVENT},
    "functions/banking/webhooks/gauges.sql": {"read_lanes": OPERATOR},
    "functions/banking/webhooks/book.sql": {
        **dict.fromkeys(("due", "wait"), OPERATOR),
        **dict.fromkeys(("probe_again", "lock_lanes", "note_lanes"), BY_LANE),
        **dict.fromkeys(("give_test_back", "answer_test"), BY_LANE),
        **dict.fromkeys(("release", "lock_turns", "end_turns", "try_later"), BY_LEASE),
        **dict.fromkeys(("mark_published", "mark_untaken", "mark_sent_again"), BY_LEASE),
        **dict.fromkeys(("plan_copies", "end_copies", "postpone_copies"), BY_LEASE),
    },
    "layers/fintegrate/python/fintegrate/console/audit_list.sql": {"list_rows": OPERATOR},
}
"""Statements that are not for one tenant, by file and name, with the reason."""
UNFILTERED_FUNCTIONS = {
    "find_session": "finds out who calls: the session comes before the tenant is known",
    "find_caller": BY_KEY,
    "find_api_key": BY_KEY,
    "mark_published": BY_EVENT,
    "settled_at": BY_EVENT,
    "archived_line": BY_EVENT,
    "refuse_event_deletion": BY_EVENT,
    "refuse_event_change": "a trigger: it looks at one row, and at what that row's own tenant asked for",
}
"""The same for functions of the database."""
FUNCTION = re.compile(r"^CREATE FUNCTION (\w+).*?\$\$(.*?)\$\$;", re.MULTILINE | re.DOTALL)


def test_every_statement_names_its_tenant() -> None:
    unfiltered: dict[str, set[str]] = {}
    with_tenants = [file for file in FUNCTIONS.iterdir() if file.name not in OF_ONE_OWNER]
    for file, name, text in [
        each for folder in (*with_tenants, LAYER) for each in statements(folder)
    ]:
        if TOUCHES.search(text) and not FOR_ONE.search(text):
            unfiltered.setdefault(file, set()).add(name)

    assert unfiltered == {file: set(names) for file, names in UNFILTERED.items()}


def test_database_functions_name_their_tenant() -> None:
    schema = SCHEMA.read_text()
    bodies = dict(FUNCTION.findall(schema))
    unfiltered = {
        name for name, body in bodies.items() if TOUCHES.search(body) and "of_consumer" not in body
    }

    assert len(bodies) == schema.count("CREATE FUNCTION")
    assert unfiltered == set(UNFILTERED_FUNCTIONS)


def test_functions_of_events_name_their_user() -> None:
    schema = (ROOT / "sql" / "appevents" / "notify" / "schema.sql").read_text()
    bodies = dict(FUNCTION.findall(schema))
    unfiltered = {name for name, body in bodies.items() if "user_id = of_user" not in body}

    assert len(bodies) == schema.count("CREATE FUNCTION")
    assert unfiltered == {"mark_events_published", "refuse_audit_change"}, BY_EVENT


def test_what_is_sent_has_its_format() -> None:
    """Who reads an event to send it reads the epoch, and with it the consumer's format."""
    reads_to_send = [
        (file, name, text)
        for file, name, text in statements(FUNCTIONS / "banking")
        if "AS epoch" in text and "AS consumer_name" in text
    ]

    assert len(reads_to_send) >= 9
    assert [
        (file, name) for file, name, text in reads_to_send if "message_format" not in text
    ] == []


def test_births_ask_whether_banks_are_called() -> None:
    """Who writes an event of a bank that is called must not send it to its queue. The admin has one."""
    births = [
        (file, name, text)
        for file, name, text in statements(FUNCTIONS / "banking")
        if re.search(r"INSERT INTO customer_events|create_customer_and_event\(", text)
        and "%(admin_name)s" not in text
    ]

    assert len(births) >= 4
    assert [(file, name) for file, name, text in births if "takes_webhooks(" not in text] == []


def test_code_of_functions_holds_no_sql() -> None:
    def sql(file: Path) -> list[str]:
        return [text for text in texts(tree_of(file)) if SQL_TEXT.search(text)]

    assert found_in(modules(FUNCTIONS), sql) == {}


@pytest.mark.parametrize(
    "text",
    [
        "SELECT *\nFROM customers",
        "select 1 from x",
        "insert into t values (1)",
        "UPDATE t SET a = 1",
        "DELETE FROM t",
    ],
)
def test_sql_is_recognised(text: str) -> None:
    assert SQL_TEXT.search(text)


def test_statements_are_not_put_together() -> None:
    def assembled(file: Path) -> list[str]:
        return [
            f"line {call.lineno}: {ast.unparse(call.args[0])}"
            for call in ast.walk(tree_of(file))
            if isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr in RUNS_SQL
            and call.args
            and not _is_whole(call.args[0])
        ]

    assert found_in(modules(FUNCTIONS, LAYER), assembled) == {}


@pytest.mark.parametrize(
    "argument",
    ["f'SELECT {x}'", "'SELECT ' + x", "'SELECT %s' % x", "'{}'.format(x)", "SQL[f'{x}']"],
)
def test_assembled_statement_is_recognised(argument: str) -> None:
    assert not _is_whole(ast.parse(argument, mode="eval").body)


@pytest.mark.parametrize(
    "argument", ["SQL['read']", "self.statements[name]", "sql", "m.body", "'SELECT 1'"]
)
def test_whole_statement_is_recognised(argument: str) -> None:
    assert _is_whole(ast.parse(argument, mode="eval").body)


def _is_whole(argument: ast.expr) -> bool:
    """Whether an SQL argument is a name, or the entry for a name in a mapping: nothing computed."""
    return not any(
        isinstance(node, ast.JoinedStr | ast.BinOp | ast.Call) for node in ast.walk(argument)
    )
