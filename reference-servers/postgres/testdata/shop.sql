-- A small shop, and functions that somebody of power left open to all.
CREATE TABLE customers (id serial PRIMARY KEY, email text NOT NULL UNIQUE, joined date NOT NULL DEFAULT '2026-01-01', extra jsonb);
COMMENT ON TABLE customers IS 'who buys';
COMMENT ON COLUMN customers.email IS 'where to write to';
CREATE TABLE orders (
	id bigserial PRIMARY KEY,
	customer int NOT NULL REFERENCES customers DEFERRABLE INITIALLY DEFERRED,
	total numeric(10,2) NOT NULL
);
CREATE INDEX orders_by_customer ON orders (customer);
INSERT INTO customers (email, extra) SELECT 'c' || i || '@example.org', jsonb_build_object('n', i) FROM generate_series(1, 50) i;
INSERT INTO orders (customer, total) SELECT 1 + i % 50, i * 1.5 FROM generate_series(1, 500) i;
CREATE VIEW large AS SELECT * FROM orders WHERE total > 100;
CREATE SCHEMA "odd name";
CREATE TABLE "odd name"."a/b%c" ("d e" int);

CREATE FUNCTION wipe() RETURNS int LANGUAGE sql VOLATILE AS 'DELETE FROM customers RETURNING 1';
CREATE FUNCTION wipe_as_owner() RETURNS int LANGUAGE sql VOLATILE SECURITY DEFINER AS 'DELETE FROM customers RETURNING 1';
CREATE FUNCTION run(sql text) RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN EXECUTE sql; RETURN 1; END $$;
CREATE FUNCTION run_anyway(sql text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	EXECUTE sql;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
CREATE FUNCTION innocent() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM set_config('statement_timeout', '0', false); RETURN 1; END $$;
CREATE TABLE trapped (id int);
CREATE VIEW trap AS SELECT wipe_as_owner() AS id;
CREATE PROCEDURE commit_and_wipe() LANGUAGE plpgsql AS $$ BEGIN COMMIT; DELETE FROM customers; END $$;
