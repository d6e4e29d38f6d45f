-- name: PeopleByID :many
-- The latest sign-ups, a page at a time: ids are in the order in which they were made.
SELECT * FROM users WHERE id < @before_id ORDER BY id DESC LIMIT CAST(@page_size AS BIGINT);

-- name: PeopleByEmail :many
-- Those whose address begins so, by address; upper_bound is the first text after them all.
SELECT * FROM users WHERE email >= @prefix AND email < @upper_bound ORDER BY email LIMIT CAST(@page_size AS BIGINT);
