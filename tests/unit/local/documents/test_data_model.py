"""The picture of a database has each of its tables."""

from __future__ import annotations

from local.documents.data_model import data_model

SCHEMA = """
CREATE TABLE posts (
    post_id uuid NOT NULL,
    CONSTRAINT posts_pkey PRIMARY KEY (post_id)
) WITH (fillfactor = 90);

CREATE TABLE likes (
    post_id uuid NOT NULL,
    user_id uuid NOT NULL
);
"""


def test_table_with_settings_ends() -> None:
    page = data_model("app", "app/video", SCHEMA)

    assert "    posts {\n        uuid post_id PK\n    }\n    likes {" in page
    assert "posts ||--o{ likes : post_id" in page


EXTENDED = """
CREATE TABLE customer_events (
    event_id uuid NOT NULL,
    CONSTRAINT customer_events_pkey PRIMARY KEY (event_id)
);

CREATE TABLE lost_events (
    event_id uuid NOT NULL,
    CONSTRAINT lost_events_pkey PRIMARY KEY (event_id)
);

CREATE TABLE turns (
    event_id uuid NOT NULL
);
"""


def test_extensions_own_no_key() -> None:
    """No table is named after the key: it is that of the first one that has it."""
    page = data_model("banking", "banking", EXTENDED)

    assert "customer_events ||--o{ lost_events : event_id" in page
    assert "customer_events ||--o{ turns : event_id" in page
    assert "lost_events ||--o{" not in page


NAMED = """
CREATE TABLE replay_jobs (
    job_id uuid NOT NULL,
    CONSTRAINT replay_jobs_pkey PRIMARY KEY (job_id)
);

CREATE TABLE replays (
    job_id uuid NOT NULL,
    CONSTRAINT replays_pkey PRIMARY KEY (job_id)
);

CREATE TABLE replay_batches (
    job_id uuid NOT NULL,
    number integer NOT NULL,
    CONSTRAINT replay_batches_pkey PRIMARY KEY (job_id, number)
);
"""


def test_parts_are_of_their_namesake() -> None:
    page = data_model("banking", "banking", NAMED)

    assert "replays ||--o{ replay_batches : job_id" in page
    assert "replay_jobs ||--o{ replay_batches" not in page
