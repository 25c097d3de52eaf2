-- What a post office keeps of the letters that come: a table that no system has, and an inbox's own two.
CREATE TABLE delivered (
    letter_id text NOT NULL,
    lane      text NOT NULL,
    text      text NOT NULL,
    reply_to  text,
    CONSTRAINT delivered_pkey PRIMARY KEY (letter_id),
    CONSTRAINT delivered_lane CHECK (lane <> 'nowhere'),
    CONSTRAINT delivered_reply FOREIGN KEY (reply_to) REFERENCES delivered (letter_id)
        DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE sheds (
    lane    text    NOT NULL,
    letters integer NOT NULL DEFAULT 0,
    CONSTRAINT sheds_pkey PRIMARY KEY (lane)
);

CREATE TABLE taken (
    lane      text NOT NULL,
    letter_id text NOT NULL,
    kind      text NOT NULL,
    outcome   text NOT NULL,
    CONSTRAINT taken_pkey PRIMARY KEY (lane, letter_id)
);

CREATE TABLE begun (
    message text    NOT NULL,
    starts  integer NOT NULL DEFAULT 1,
    CONSTRAINT begun_pkey PRIMARY KEY (message)
);

CREATE TABLE refusals (
    letter_id text NOT NULL,
    code      text NOT NULL,
    reason    text NOT NULL
);
