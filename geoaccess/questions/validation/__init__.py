"""A study beside published statistics."""
