"""A study compared with itself under scenarios."""
