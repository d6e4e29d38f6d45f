-- name: RaiseAlarm :one
-- A trouble that lasts is one row; raising it again counts. One that had been cleared
-- begins anew. Answers since when it lasts and how often it was raised since.
INSERT INTO alarms (kind, subject, severity, detail, count, raised_at, seen_at)
VALUES (@kind, @subject, @severity, @detail, 1, @now, @now)
ON CONFLICT (kind, subject) DO UPDATE SET
    severity = excluded.severity, detail = excluded.detail, seen_at = excluded.seen_at,
    count = CASE WHEN alarms.cleared_at IS NULL THEN alarms.count + 1 ELSE 1 END,
    raised_at = CASE WHEN alarms.cleared_at IS NULL THEN alarms.raised_at ELSE excluded.raised_at END,
    cleared_at = NULL
RETURNING raised_at, count;

-- name: ClearAlarm :execrows
UPDATE alarms SET cleared_at = @now WHERE kind = @kind AND subject = @subject AND cleared_at IS NULL;

-- name: OpenAlarm :one
-- Whether that trouble lasts, asked on the readers so that clearing what is clear costs nothing.
SELECT CAST(COUNT(*) AS BIGINT) FROM alarms WHERE kind = @kind AND subject = @subject AND cleared_at IS NULL;

-- name: OpenAlarms :many
SELECT * FROM alarms WHERE cleared_at IS NULL ORDER BY raised_at, kind, subject LIMIT CAST(@most AS BIGINT);

-- name: PruneAlarms :execrows
DELETE FROM alarms WHERE cleared_at IS NOT NULL AND cleared_at < @before;

-- name: UntoldAlarms :many
-- Alarms that last and that operators were not told of since they were raised, nor within
-- the last hour.
SELECT * FROM alarms WHERE cleared_at IS NULL AND told_at < raised_at AND told_at < CAST(@before AS BIGINT)
ORDER BY raised_at LIMIT CAST(@most AS BIGINT);

-- name: TellAlarm :execrows
-- Once, whoever comes first.
UPDATE alarms SET told_at = @now WHERE kind = @kind AND subject = @subject AND cleared_at IS NULL
    AND told_at < raised_at AND told_at < CAST(@before AS BIGINT);
