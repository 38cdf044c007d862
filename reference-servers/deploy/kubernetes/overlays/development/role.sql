-- A role for `mcpcheck serve postgres`: it may read what is in the schema public,
-- and nothing else. Run this as a superuser, in the database that is to be served,
-- and give the role a password: \password mcp_reader

CREATE ROLE mcp_reader LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE mcp_reader SET default_transaction_read_only = on;
ALTER ROLE mcp_reader SET statement_timeout = '30s';

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO mcp_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO mcp_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO mcp_reader;

-- What no read-only transaction refuses is taken from everybody but superusers:
-- temporary tables, sleeping, locks and messages between sessions, ending sessions of
-- the same role, large objects, and connections from the server to elsewhere.
DO $$
DECLARE
	f regprocedure;
BEGIN
	EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
	FOR f IN
		SELECT p.oid FROM pg_proc p
		WHERE p.pronamespace = 'pg_catalog'::regnamespace
			AND (p.proname ~ '^pg_(try_)?advisory_' OR p.proname ~ '^lo_' OR p.proname IN ('lowrite', 'loread')
				OR p.proname IN ('pg_sleep', 'pg_sleep_for', 'pg_sleep_until', 'pg_notify', 'pg_cancel_backend', 'pg_terminate_backend',
					'pg_logical_emit_message', 'pg_export_snapshot', 'query_to_xml', 'query_to_xmlschema', 'query_to_xml_and_xmlschema'))
		UNION
		SELECT p.oid FROM pg_proc p
		JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
		JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid
		WHERE e.extname IN ('dblink', 'adminpack', 'file_fdw', 'postgres_fdw')
	LOOP
		EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
	END LOOP;
END
$$;
