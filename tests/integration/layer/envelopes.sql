-- A table that no system has, whose rows hold sealed texts.
CREATE TABLE envelopes (
    envelope_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    addressee   text   NOT NULL,
    key_id      text,
    sealed      text,
    CONSTRAINT envelopes_pkey PRIMARY KEY (envelope_id),
    CONSTRAINT envelopes_sealed_check CHECK ((key_id IS NULL) = (sealed IS NULL))
);
