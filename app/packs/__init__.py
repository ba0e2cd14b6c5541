"""Configuration as files: profiles, and the Huế demo province."""
