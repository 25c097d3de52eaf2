-- A table that no system has, whose rows are sent: whole numbers as ids, lanes instead of customers.
CREATE TABLE letters (
    letter_id       bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    lane            text        NOT NULL,
    position        integer     NOT NULL,
    text            text        NOT NULL,
    written_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    status          text        NOT NULL DEFAULT 'waiting',
    tries           integer     NOT NULL DEFAULT 0,
    reason          text,
    next_attempt_at timestamptz NOT NULL DEFAULT '-infinity',
    lease_token     uuid,
    lease_until     timestamptz,
    CONSTRAINT letters_pkey PRIMARY KEY (letter_id),
    CONSTRAINT letters_in_lane UNIQUE (lane, position),
    CONSTRAINT letters_status_check CHECK (status IN ('waiting', 'sent', 'given_up')),
    CONSTRAINT letters_lease_check CHECK ((lease_token IS NULL) = (lease_until IS NULL))
);
