"""Where a study should add or close sites."""
