"""Tests of the declaration layer."""
