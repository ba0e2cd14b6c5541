"""Internal processes from the tables of published decisions: read, recognised, checked, kept."""
