"""The customer API against a model of it in memory: any order of requests, two tenants at once.

Hypothesis makes up the requests, good and bad, and shortens the list of those that fail. Each
example has two fresh tenants on one database; at its end the events must have reached the queues.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.acceptance.customer_model import Customer
from tests.acceptance.wrong_requests import WrongRequest, wrong_requests
from tests.support.api import Reply
from tests.support.banking import Bank
from tests.support.broker import take
from tests.support.fixtures import Query
from tests.support.outbox import assert_in_order

BOUNDS = settings(
    max_examples=30,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
Pick = tuple[int, str]
NO_CUSTOMER = "No such customer; check customer_id"
NO_TAG = "No such tag; check tag_key"

characters = st.characters(exclude_categories=["Cc", "Cs", "Cf"])
"""No control characters, and none that change the direction of text: requests refuse both."""
visible = st.text(characters, min_size=1, max_size=99).map(lambda text: f"{text}x")
"""The last character is seen, whatever stands before it."""
names = visible | visible.map(lambda name: name + "x" * (255 - len(name)))
statuses = st.sampled_from(["ACTIVE", "INACTIVE"])
tag_keys = st.sampled_from(["a", "B", "é", "a b"]) | visible
tag_values = st.sampled_from(["", "1", "2"]) | st.text(characters, max_size=1000)
tag_sets = st.dictionaries(tag_keys, tag_values, min_size=1, max_size=5)
tenants = st.sampled_from([0, 1])
strangers = st.sampled_from([False, False, False, True])
tag_picks = st.tuples(st.integers(0, 4), tag_keys)
"""A tag that the customer has, by number; for 0, or when it has none, the key."""
limits = st.integers(1, 4) | st.just(200)


class CustomerMachine(RuleBasedStateMachine):
    """Sends each request and holds its answer against what the model says.

    A `stranger` is the other tenant, which must be answered as if the customer did not exist.
    """

    customer_ids: Bundle[str] = Bundle("customer_ids")

    def __init__(self, make_bank: Callable[[], Bank], query: Query, rabbitmq_url: str) -> None:
        super().__init__()
        self.banks = [make_bank(), make_bank()]
        self.query = query
        self.rabbitmq_url = rabbitmq_url
        self.customers: dict[str, Customer] = {}  # in the order of their creation

    @rule(target=customer_ids, tenant=tenants, name=names, status=statuses, tags=tag_sets)
    def create(self, tenant: int, name: str, status: str, tags: dict[str, str]) -> str:
        reply = self.banks[tenant].api.post("/customer/data", name=name, status=status)
        assert (reply.status, reply.data["status"]) == (201, status)
        customer = self.customers[reply.data["customer_id"]] = Customer(tenant, name, status)
        customer.happened("customer_creation")
        customer_id = str(reply.data["customer_id"])
        self.add_tags(customer_id, stranger=False, tags=tags)  # so that other rules find some
        return customer_id

    @rule(customer_id=customer_ids, stranger=strangers)
    def read(self, customer_id: str, stranger: bool) -> None:
        reply, customer = self.send("GET", "/customer/data", customer_id, stranger)
        if customer:
            assert reply.data["customer_id"] == customer_id
            assert reply.data["name"] == customer.name
            assert reply.data["status"] == customer.status
            assert list(reply.data["tags"].items()) == sorted(customer.tags.items())

    @rule(customer_id=customer_ids, stranger=strangers, status=statuses)
    def change_status(self, customer_id: str, stranger: bool, status: str) -> None:
        path = "/customer/change-status"
        reply, customer = self.send("PATCH", path, customer_id, stranger, status=status)
        if customer and customer.status == status:
            refused(reply, 409, f"Customer {customer_id} is already {status}")
        elif customer:
            assert (reply.status, reply.data["status"]) == (200, status)
            customer.status = status
            customer.happened("customer_status_change")

    @rule(customer_id=customer_ids, stranger=strangers.map(lambda stranger: not stranger))
    def delete(self, customer_id: str, stranger: bool) -> None:
        reply, customer = self.send("DELETE", "/customer/data", customer_id, stranger)
        if customer:
            succeeded(reply)
            customer.deleted = True
            customer.happened("customer_deletion")

    @rule(
        tenant=tenants,
        limit=limits,
        wanted=st.fixed_dictionaries({}, optional={"status": statuses, "tag_key": tag_keys}),
        tag_value=st.none() | tag_values,
    )
    def list_customers(
        self, tenant: int, limit: int, wanted: dict[str, str], tag_value: str | None
    ) -> None:
        if tag_value is not None and "tag_key" in wanted:
            wanted = {**wanted, "tag_value": tag_value}
        listed = self.all_pages(tenant, "/customer/list", "customers", limit, wanted)
        assert [(entry["customer_id"], entry["name"], entry["status"]) for entry in listed] == [
            (customer_id, customer.name, customer.status)
            for customer_id, customer in reversed(self.customers.items())
            if customer.owner == tenant and not customer.deleted and customer.matches(wanted)
        ]

    @rule(customer_id=customer_ids, stranger=strangers, tags=tag_sets)
    def add_tags(self, customer_id: str, stranger: bool, tags: dict[str, str]) -> None:
        fields = {"tag_keys": list(tags), "tag_values": list(tags.values())}
        reply, customer = self.send("POST", "/customer/tag", customer_id, stranger, **fields)
        if customer is None:
            return
        existing = [key for key in tags if key in customer.tags]
        if existing:
            refused(reply, 409, f": {', '.join(map(repr, existing))};")
        else:
            succeeded(reply, 201)
            customer.tags.update(tags)

    @rule(customer_id=customer_ids, stranger=strangers, pick=tag_picks)
    def read_tag(self, customer_id: str, stranger: bool, pick: Pick) -> None:
        key = self.picked(customer_id, pick)
        reply, customer = self.send_of_tag("GET", "tag-value", customer_id, stranger, key)
        if customer:
            assert (reply.status, reply.data) == (200, {"tag_value": customer.tags[key]})

    @rule(customer_id=customer_ids, stranger=strangers, pick=tag_picks)
    def delete_tag(self, customer_id: str, stranger: bool, pick: Pick) -> None:
        key = self.picked(customer_id, pick)
        reply, customer = self.send_of_tag("DELETE", "tag", customer_id, stranger, key)
        if customer:
            succeeded(reply)
            del customer.tags[key]

    @rule(customer_id=customer_ids, stranger=strangers, pick=tag_picks, new=tag_keys)
    def rename_tag(self, customer_id: str, stranger: bool, pick: Pick, new: str) -> None:
        key = self.picked(customer_id, pick)
        reply, customer = self.send_of_tag(
            "PATCH", "tag-key", customer_id, stranger, key, new_tag_key=new
        )
        if customer and new in customer.tags:
            refused(reply, 409, repr(new))
        elif customer:
            succeeded(reply)
            customer.tags[new] = customer.tags.pop(key)

    @rule(customer_id=customer_ids, stranger=strangers, pick=tag_picks, value=tag_values)
    def set_tag(self, customer_id: str, stranger: bool, pick: Pick, value: str) -> None:
        key = self.picked(customer_id, pick)
        reply, customer = self.send_of_tag(
            "PATCH", "tag-value", customer_id, stranger, key, new_tag_value=value
        )
        if customer:
            succeeded(reply)
            customer.tags[key] = value

    @rule(customer_id=customer_ids, stranger=strangers)
    def take_snapshot(self, customer_id: str, stranger: bool) -> None:
        reply, customer = self.send("POST", "/customer/analytics", customer_id, stranger)
        if customer:
            succeeded(reply, 201)
            customer.take_snapshot()

    @rule(customer_id=customer_ids, stranger=strangers, limit=limits)
    def read_snapshots(self, customer_id: str, stranger: bool, limit: int) -> None:
        customer = self.customers[customer_id]
        if stranger or (customer.deleted and not customer.snapshots):
            self.send("GET", "/customer/analytics", customer_id, stranger)
            return
        shown = self.all_pages(
            customer.owner, "/customer/analytics", "snapshots", limit, {"customer_id": customer_id}
        )
        before = None
        for found, kept in zip(reversed(shown), customer.snapshots, strict=True):
            assert found["tags"] == kept.tags
            assert {name: found["metrics"][name] for name in kept.figures} == kept.figures
            changed = found["changed"]
            assert (changed and changed["tags"]) == kept.tag_changes(before)
            before = kept

    @rule(tenant=tenants, customer_id=customer_ids, wrong=wrong_requests())
    def send_wrong_request(self, tenant: int, customer_id: str, wrong: WrongRequest) -> None:
        reply = self.banks[tenant].api(wrong.method, wrong.path, wrong.fields(customer_id))
        refused(reply, 422, wrong.field)

    def teardown(self) -> None:
        for customer_id in self.customers:
            self.read(customer_id, stranger=False)
            self.read_snapshots(customer_id, stranger=False, limit=200)
            self.check_events(customer_id)
        for tenant, bank in enumerate(self.banks):
            self.list_customers(tenant, 200, {}, None)
            count = sum(len(c.events) for c in self.customers.values() if c.owner == tenant)
            if count:
                assert_in_order(take(self.rabbitmq_url, bank.name, count))

    def send(
        self, method: str, path: str, customer_id: str, stranger: bool, **fields: object
    ) -> tuple[Reply, Customer | None]:
        """The reply, and the customer when the sender has it; when not, the reply must say so."""
        customer = self.customers[customer_id]
        api = self.banks[customer.owner ^ stranger].api
        body = {"customer_id": customer_id, **fields}
        reply = api.get(path, **body) if method == "GET" else api(method, path, body)
        if stranger or customer.deleted:
            refused(reply, 404, NO_CUSTOMER)
            return reply, None
        return reply, customer

    def send_of_tag(
        self, method: str, noun: str, customer_id: str, stranger: bool, key: str, **fields: object
    ) -> tuple[Reply, Customer | None]:
        """As `send`, of a tag that the customer may not have: then the reply must say so."""
        path = f"/customer/{noun}"
        reply, customer = self.send(method, path, customer_id, stranger, tag_key=key, **fields)
        if customer and key not in customer.tags:
            refused(reply, 404, NO_TAG)
            return reply, None
        return reply, customer

    def picked(self, customer_id: str, pick: Pick) -> str:
        number, key = pick
        existing = sorted(self.customers[customer_id].tags)
        return existing[number % len(existing)] if number and existing else key

    def all_pages(
        self, tenant: int, path: str, name: str, limit: int, wanted: dict[str, str]
    ) -> list[Any]:
        """All entries of a list, page by page, each page but the last as full as it can be."""
        entries: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            reply = self.banks[tenant].api.get(path, limit=limit, **wanted, **cursor)
            assert reply.status == 200, reply
            entries += reply.data[name]
            if reply.data["next_cursor"] is None:
                assert len(reply.data[name]) <= limit
                return entries
            assert len(reply.data[name]) == limit
            cursor = {"cursor": reply.data["next_cursor"]}

    def check_events(self, customer_id: str) -> None:
        """The customer's events are stored in sequence, and published."""
        rows = self.query(
            "SELECT sequence, event_type, payload_json->>'status' AS status, publish_status "
            "FROM customer_events WHERE customer_id = %(id)s ORDER BY created_at",
            id=customer_id,
        )
        expected = enumerate(self.customers[customer_id].events, start=1)
        assert [tuple(row.values()) for row in rows] == [
            (sequence, event_type, status, "published")
            for sequence, (event_type, status) in expected
        ]


def succeeded(reply: Reply, status: int = 200) -> None:
    assert (reply.status, reply.data, reply.description) == (status, {}, "Success")


def refused(reply: Reply, status: int, sentence: str) -> None:
    assert (reply.status, reply.data) == (status, {}), reply
    assert sentence in reply.description


def test_customer_api_behaves_as_its_model(
    make_bank: Callable[[], Bank], query: Query, rabbitmq_url: str
) -> None:
    run_state_machine_as_test(
        lambda: CustomerMachine(make_bank, query, rabbitmq_url), settings=BOUNDS
    )
