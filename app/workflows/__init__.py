"""Life cycles, processes and time as plain tables and functions: no Flask, no database."""
