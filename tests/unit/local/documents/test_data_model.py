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
