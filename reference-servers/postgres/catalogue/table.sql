SELECT json_build_object(
	'schema', n.nspname, 'name', c.relname,
	'kind', CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
		WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END,
	'estimatedRows', CASE WHEN c.reltuples >= 0 AND c.relkind <> 'v' THEN c.reltuples::bigint END,
	'comment', coalesce(pg_catalog.obj_description(c.oid, 'pg_class'), ''),
	'columns', coalesce((
		SELECT json_agg(json_build_object(
			'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'nullable', NOT a.attnotnull,
			'default', coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), ''),
			'comment', coalesce(pg_catalog.col_description(c.oid, a.attnum), '')) ORDER BY a.attnum)
		FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
		WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
			AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')), '[]'),
	'primaryKey', coalesce((
		SELECT json_agg(a.attname ORDER BY k.place)
		FROM pg_catalog.pg_constraint o, unnest(o.conkey) WITH ORDINALITY k(attnum, place), pg_catalog.pg_attribute a
		WHERE o.conrelid = c.oid AND o.contype = 'p' AND a.attrelid = c.oid AND a.attnum = k.attnum), '[]'),
	'foreignKeys', coalesce((
		SELECT json_agg(json_build_object(
			'columns', (SELECT json_agg(a.attname ORDER BY k.place) FROM unnest(o.conkey) WITH ORDINALITY k(attnum, place), pg_catalog.pg_attribute a
				WHERE a.attrelid = o.conrelid AND a.attnum = k.attnum),
			'references', rn.nspname || '.' || r.relname,
			'referencedColumns', (SELECT json_agg(a.attname ORDER BY k.place) FROM unnest(o.confkey) WITH ORDINALITY k(attnum, place), pg_catalog.pg_attribute a
				WHERE a.attrelid = o.confrelid AND a.attnum = k.attnum)) ORDER BY o.conname)
		FROM pg_catalog.pg_constraint o JOIN pg_catalog.pg_class r ON r.oid = o.confrelid JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
		WHERE o.conrelid = c.oid AND o.contype = 'f'), '[]'),
	'indexes', coalesce((
		SELECT json_agg(pg_catalog.pg_get_indexdef(i.indexrelid) ORDER BY i.indexrelid)
		FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid), '[]'))
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname = $2 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
	AND CASE WHEN $1 = '' THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = $1 END
	AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
