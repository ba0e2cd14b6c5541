"""Verbs of the product: they flush, never commit, and know no request."""
