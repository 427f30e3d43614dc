"""What a study writes: tables with their dictionary, maps, figures, report."""
