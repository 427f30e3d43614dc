"""Downloads: the catalogue of regions, files over HTTP, and what each should look like."""
