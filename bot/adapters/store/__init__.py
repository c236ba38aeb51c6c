"""The store: SQLite embedded, PostgreSQL scaled out, one set of tables and statements."""
