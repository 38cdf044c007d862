SELECT coalesce(json_agg(s), '[]') FROM (
	SELECT n.nspname AS name, (
			SELECT count(*) FROM pg_catalog.pg_class c
			WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
				AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
		) AS tables,
		coalesce(pg_catalog.obj_description(n.oid, 'pg_namespace'), '') AS comment
	FROM pg_catalog.pg_namespace n
	WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
	ORDER BY n.nspname
) s
