-- Of a database that nobody but postgres-mcp reaches, and that lives no longer than its pod.
ALTER ROLE mcp_reader PASSWORD 'development';
