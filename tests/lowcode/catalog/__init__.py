"""A catalog declared on the fly, as the tutorial of docs/developers-catalog.md does."""
