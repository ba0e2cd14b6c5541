"""Many at once, and everything killed: nothing is lost and nothing happens twice."""
