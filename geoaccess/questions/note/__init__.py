"""A question and its answer as a note of two pages for a board: every question fills the same one."""
