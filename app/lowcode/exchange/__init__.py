"""Spreadsheets of every declared model: template, import in three steps, export."""
