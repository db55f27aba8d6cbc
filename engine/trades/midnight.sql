(
	-- Where clocks go back at midnight, the day begins with the first of two: Postgres takes the second.
	SELECT CASE WHEN ((midnight - interval '1 hour') AT TIME ZONE {zone})::date = today
		THEN midnight - interval '1 hour' ELSE midnight END
	FROM (
		SELECT today, today::timestamp AT TIME ZONE {zone} AS midnight
		FROM (SELECT ({now} AT TIME ZONE {zone})::date AS today) d
	) m
)
