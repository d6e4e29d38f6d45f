-- name: Customer :one
SELECT * FROM customers WHERE id = @id;

-- name: InsertCustomer :exec
INSERT INTO customers (id, user_id, email, name, created_at)
VALUES (@id, @user_id, @email, @name, @created_at)
ON CONFLICT (id) DO NOTHING;

-- name: RenameCustomerOfUser :exec
UPDATE customers SET name = @name WHERE user_id = @user_id;
