SELECT coalesce(json_agg(t), '[]') FROM (
	SELECT n.nspname AS schema, c.relname AS name,
		CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
			WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END AS kind,
		CASE WHEN c.reltuples >= 0 AND c.relkind <> 'v' THEN c.reltuples::bigint END AS "estimatedRows",
		coalesce(pg_catalog.obj_description(c.oid, 'pg_class'), '') AS comment
	FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
		AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND $1::text IN ('', n.nspname)
		AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
	ORDER BY n.nspname, c.relname
	LIMIT 10000
) t
