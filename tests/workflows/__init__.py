"""Tests of the pure heart: tables, time, numbers."""
