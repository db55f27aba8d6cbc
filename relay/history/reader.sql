-- $1 a role: what is to be done so that it may read: '' nothing, 'create' it, 'grant' it rights, 'ask' somebody with more.
SELECT CASE
	WHEN r.oid IS NULL AND (me.rolsuper OR me.rolcreaterole) THEN 'create'
	WHEN r.oid IS NULL THEN 'ask'
	WHEN has_schema_privilege(r.oid, 'arbwatch_history', 'USAGE') AND NOT EXISTS (
		SELECT FROM pg_class c
		WHERE c.relnamespace = 'arbwatch_history'::regnamespace AND c.relkind IN ('r', 'v')
			AND NOT has_table_privilege(r.oid, c.oid, 'SELECT')) THEN ''
	ELSE 'grant'
	END
FROM pg_roles me LEFT JOIN pg_roles r ON r.rolname = $1
WHERE me.rolname = current_user
