"""The alerts of Prometheus, made from banking's conditions: thresholds, words, runbooks and views.

`make documents` writes them to `infra/monitoring/rules/alerts.yml`. Here is only what Prometheus adds:
the expression of each, and where it finds a sentence's facts. Recording rules are written by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from chalicelib.banking.overview.conditions import CONDITIONS
from chalicelib.banking.overview.unfinished import WORKS
from chalicelib.banking.tenants import ADMIN_NAME
from fintegrate.console.conditions import Condition, in_words

FILE = Path("infra/monitoring/rules/alerts.yml")
HEAD = """\
# Made by `make documents` from functions/banking/overview/conditions.py and local/banking/alerts.py.
# What is expected of each alert is in ../rules_test/alerts_test.yml.

groups:
  - name: fintegrate-alerts
    rules:
"""
NUMBER, DURATION = '{{ $value | printf "%.0f" }}', "{{ $value | humanizeDuration }}"
EVERYBODY = "all"
"""The label `consumer` of what concerns all consumers."""


class Expression(NamedTuple):
    """When an alert fires, and what Prometheus knows of it.

    `fires` has `{threshold}`. `number` and `age` are the facts of the condition's sentence, `name` is
    whose it is, and `left_out` is a part of the sentence whose fact Prometheus does not know.
    """

    fires: str
    number: str = NUMBER
    age: str = DURATION
    name: str = "{{ $labels.consumer }}"
    is_of_all: bool = False
    left_out: str = ""


def _asked(query: str, form: str) -> str:
    """The text of a further question for the alert's consumer; a word if it has no answer."""
    asked = f"printf `{query}` $labels.consumer | query"
    return (
        f"{{{{ with {asked} }}}}{{{{ . | first | value | {form} }}}}{{{{ else }}}}some{{{{ end }}}}"
    )


def _events(states: str) -> str:
    return _asked(
        f'sum(fintegrate_consumer_events{{consumer=%q, state=~"{states}"}})', 'printf "%.0f"'
    )


def _oldest(states: str) -> str:
    return _asked(
        f'max(fintegrate_consumer_oldest_event_age_seconds{{consumer=%q, state=~"{states}"}})',
        "humanizeDuration",
    )


def _newly(series: str) -> str:
    """By how much a gauge is above its least value of five minutes."""
    return f"{series} - min_over_time({series}[5m]) > {{threshold}}"


def _waiting(state: str, family: str = "fintegrate_consumer_events") -> str:
    return f'{family}{{state="{state}"}}'


_AGE = "fintegrate_consumer_oldest_event_age_seconds"
_DEAD = "delivery_failed|dead_lettered"
_LETTERS = "fintegrate_dead_letters_total"


def _since(query: str) -> str:
    """How long ago a question's answer is; it may ask for the alert's schedule."""
    asked = f"printf `{query}` $labels.schedule" if "%q" in query else f"`{query}`"
    return (
        f"{{{{ with {asked} | query }}}}{{{{ . | first | value | humanizeDuration }}}}"
        "{{ else }}some time{{ end }}"
    )


_UNLESS_CALLED = ' unless on (consumer) fintegrate_webhook_in_flight{consumer!="other"}'
"""But for banks that are called, which have alerts of their own; not if many banks share the label."""


def _unfinished(work: str) -> Expression:
    query = f'fintegrate_unfinished_seconds{{work="{work}"}} > {{threshold}}'
    return Expression(query, name="a bank", is_of_all=True)


EXPRESSIONS = {
    "pending_too_long": Expression(
        _waiting("pending", _AGE) + " > {threshold}" + _UNLESS_CALLED, number=_events("pending")
    ),
    "held_back": Expression(
        _waiting("waiting_behind") + " > {threshold}" + _UNLESS_CALLED, age=_oldest("pending")
    ),
    "publishing_given_up": Expression(
        _newly(_waiting("failed")), number=_events("failed"), age=_oldest("failed")
    ),
    "retry_ratio_high": Expression("consumer:fintegrate_retries:percent15m > {threshold}"),
    "queue_without_reader": Expression(
        f'fintegrate_queue_messages{{consumer!="{ADMIN_NAME}"}} > {{threshold}}'
        " and fintegrate_queue_readers == 0"
    ),
    "queue_nearly_full": Expression("fintegrate_queue_messages > {threshold}"),
    "undelivered_too_long": Expression(
        _waiting("undelivered", _AGE) + " > {threshold}", number=_events("undelivered")
    ),
    "processing_lag_high": Expression(
        'consumer_stage:fintegrate_lag_seconds:p95_5m{stage="processed"} > {threshold}',
        number=_events("undelivered"),
    ),
    "webhook_blocked": Expression(
        'fintegrate_webhook_lane_state{state="blocked"} > {threshold}',
        number=_events("pending"),
        age=_asked("max(fintegrate_webhook_not_open_seconds{consumer=%q})", "humanizeDuration"),
    ),
    "webhook_failing": Expression(
        "fintegrate_webhook_not_open_seconds > {threshold}"
        ' and on (consumer) fintegrate_webhook_lane_state{state=~"failing|waiting"} > 0',
        number=_events("pending"),
    ),
    "webhook_refuses": Expression(
        "fintegrate_webhook_refused_customers > {threshold}", age=_oldest("pending")
    ),
    "webhook_behind": Expression(
        _waiting("pending", _AGE) + " > {threshold}"
        ' and on (consumer) fintegrate_webhook_lane_state{state="open"} > 0'
        " unless on (consumer) fintegrate_webhook_refused_customers > 0",
        number=_events("pending"),
    ),
    # A counter that has just appeared has not increased. It is new, if somebody looked before.
    "dead_letters": Expression(
        f"sum by (consumer) (increase({_LETTERS}[5m])) > {{threshold}}\n"
        f"or sum by (consumer) ({_LETTERS} unless {_LETTERS} offset 5m"
        " and on () fintegrate_metrics_store_up offset 5m == 1) > {threshold}\n"
        f"or max by (consumer) ({_newly(_waiting('delivery_failed'))})",
        number=_events(_DEAD),
        age=_oldest(_DEAD),
    ),
    "dead_letter_queue_not_swept": Expression(
        "fintegrate_dead_letter_queue_messages > {threshold}"
    ),
    "unmatched_dead_letters": Expression(
        "fintegrate_consumer_dead_letters_unmatched > {threshold}",
        left_out=", the oldest {age} old",
    ),
    "server_errors": Expression(
        "100 * system:fintegrate_request_errors:ratio5m > {threshold}\n"
        "and sum(increase(fintegrate_requests_total[5m])) >= 10",
        is_of_all=True,
    ),
    "latency_high": Expression(
        "system:fintegrate_request_seconds:p99_5m > {threshold}", is_of_all=True
    ),
    # The gauge is that of the process that answers. Refused attempts show those of all others.
    "breaker_open": Expression(
        "max(fintegrate_breaker_open) > {threshold}\n"
        'or sum(increase(fintegrate_publish_attempts_total{outcome="breaker"}[1m])) > {threshold}',
        is_of_all=True,
    ),
    "schedule_missed": Expression(
        "fintegrate_schedule_late > 0",
        age=_since("time() - max(fintegrate_schedule_last_success_timestamp_seconds{schedule=%q})"),
        name="{{ $labels.schedule }}",
        is_of_all=True,
    ),
    "not_balanced": Expression(
        "sum by (consumer) (fintegrate_reconcile_discrepancies) > {threshold}",
        age=_since("time() - max(fintegrate_reconcile_timestamp_seconds)"),
    ),
    "not_reconciled": Expression(
        "time() - max(fintegrate_reconcile_timestamp_seconds) > {threshold}\n"
        'or max(up{job="fintegrate"} offset {threshold}s) == 1'
        " unless on () fintegrate_reconcile_timestamp_seconds",
        is_of_all=True,
    ),
    "replay_stuck": Expression(
        'sum(fintegrate_replay_jobs{status="running"}) > 0\n'
        'and sum(fintegrate_replay_jobs{status="running"} offset {threshold}s) > 0\n'
        "unless on () sum(increase(fintegrate_replay_events_total[{threshold}s])) > 0",
        age=in_words(CONDITIONS["replay_stuck"].threshold),
        name="a bank",
        is_of_all=True,
    ),
    **{f"{work}_stuck": _unfinished(work) for work in WORKS},
    "key_expires_soon": Expression(
        "fintegrate_api_key_expires_timestamp_seconds - time() < {threshold}"
    ),
    "metrics_missing": Expression(
        'up{job="fintegrate"} < {threshold} or absent(up{job="fintegrate"})', is_of_all=True
    ),
    "server_away": Expression(
        'up{job!~"fintegrate|prometheus|alertmanager"} < {threshold}\n'
        "or pg_up < {threshold} or redis_up < {threshold}",
        name="{{ $labels.job }}",
        is_of_all=True,
    ),
}
"""By the name of the condition."""


def rule_file() -> str:
    """The text of the file, with an alert for each condition."""
    lines = [line for each in CONDITIONS.values() for line in _rule(each, EXPRESSIONS[each.name])]
    return HEAD + "".join(f"      {line}\n" for line in lines)


def write(root: Path) -> list[Path]:
    """Write the file below the checkout's root; returns it if it changed."""
    file, text = root / FILE, rule_file()
    if file.exists() and file.read_text(encoding="utf-8") == text:
        return []
    file.write_text(text, encoding="utf-8")
    return [FILE]


def _rule(condition: Condition, expression: Expression) -> Iterator[str]:
    threshold = f"{condition.threshold:.0f}"
    consumer = EVERYBODY if expression.is_of_all else "{{ $labels.consumer }}"
    yield f"- alert: {condition.alert}"
    yield "  expr: |-"
    for line in expression.fires.splitlines():
        yield "    " + line.replace("{threshold}", threshold)
    if condition.lasts:
        yield f"  for: {condition.lasts}"
    yield "  labels:"
    yield f"    severity: {condition.severity}"
    yield f"    consumer: {_quoted(consumer)}"
    yield f"    side: {condition.side}"
    yield "  annotations:"
    for name, text in _annotations(condition, expression).items():
        yield f"    {name}: {_quoted(text)}"


def _annotations(condition: Condition, expression: Expression) -> dict[str, str]:
    facts = {"count": expression.number, "age": expression.age, "name": expression.name}
    sentence = condition.sentence.replace(expression.left_out, "")
    return {
        "summary": condition.words(condition.title, facts),
        "description": condition.words(sentence, facts),
        "healing": condition.healing,
        "runbook": condition.runbook,
        "console": "{{ $externalLabels.console }}/console#" + _view(condition, expression),
    }


def _view(condition: Condition, expression: Expression) -> str:
    """The console's view. Metrics know a consumer's name and no id."""
    if expression.is_of_all:
        return condition.view.partition("?")[0]
    return condition.view.replace("consumer_id={consumer_id}", "consumer={{ $labels.consumer }}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
