-- What the step that makes a database's users asks of the server.

-- name: role_exists
SELECT FROM pg_roles WHERE rolname = %(role)s

-- name: acts_as
-- Whether the master has the rights of the role without SET ROLE. A superuser always has.
SELECT pg_has_role(current_user, %(role)s, 'USAGE') AS yes

-- name: too_mighty
-- Of these roles the one that can do more than a plain user, if there is one.
SELECT rolname FROM pg_roles
WHERE rolname = ANY (%(roles)s)
  AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)

-- name: is_member
SELECT pg_has_role(%(member)s, r.rolname, 'MEMBER') AS yes
FROM pg_roles r
WHERE r.rolname IN (%(owner)s, current_user)
ORDER BY yes DESC LIMIT 1

-- name: database_exists
SELECT FROM pg_database WHERE datname = %(name)s

-- name: owned_by_another
SELECT FROM pg_database WHERE datname = current_database() AND pg_get_userbyid(datdba) <> %(owner)s

-- name: to_hand_over
-- The statements that give the owner what others own. Left out is what belongs to an extension, and
-- what follows its table: the row type, the sequence of a column.
WITH objects AS (
    SELECT 'pg_class'::regclass AS class, oid, relowner AS owner FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL
    SELECT 'pg_proc'::regclass, oid, proowner FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'pg_type'::regclass, t.oid, t.typowner FROM pg_type t
    LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE t.typnamespace = 'public'::regnamespace
      AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c')
)
SELECT format('ALTER %%s %%s OWNER TO %%I', named.type, named.identity, %(owner)s) AS statement
FROM objects o, pg_identify_object(o.class, o.oid, 0) AS named
WHERE pg_get_userbyid(o.owner) <> %(owner)s
  AND NOT EXISTS (
      SELECT FROM pg_depend d
      WHERE d.classid = o.class AND d.objid = o.oid
        AND (d.deptype = 'e' OR (d.deptype IN ('a', 'i') AND named.type = 'sequence')))
ORDER BY named.type, named.identity
