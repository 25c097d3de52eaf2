-- Lanes of the letters: as many at a time as a road is wide, and as many in all as it has stamps.
CREATE TABLE roads (
    lane        text        NOT NULL,
    concurrency integer     NOT NULL,
    failures    integer     NOT NULL DEFAULT 0,
    open_until  timestamptz,
    stamps      integer     NOT NULL,
    CONSTRAINT roads_pkey PRIMARY KEY (lane)
);
