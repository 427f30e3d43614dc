"""Optional sections of a study: each adds columns to the cells, and tables."""
