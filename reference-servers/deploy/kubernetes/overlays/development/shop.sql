-- Something to look at, for `mcpcheck --reference postgres` and the compose file.
CREATE TABLE customers (
	id serial PRIMARY KEY,
	email text NOT NULL UNIQUE,
	joined date NOT NULL DEFAULT '2026-01-01'
);
COMMENT ON TABLE customers IS 'who buys';
CREATE TABLE orders (
	id bigserial PRIMARY KEY,
	customer int NOT NULL REFERENCES customers,
	total numeric(10,2) NOT NULL
);
CREATE INDEX orders_by_customer ON orders (customer);
INSERT INTO customers (email) SELECT 'c' || i || '@example.org' FROM generate_series(1, 50) i;
INSERT INTO orders (customer, total) SELECT 1 + i % 50, i * 1.5 FROM generate_series(1, 500) i;
CREATE VIEW large AS SELECT * FROM orders WHERE total > 100;
