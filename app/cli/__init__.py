"""The launchers' Python side: ``app.cli.serve`` behind ./run and ``app.cli`` behind ./manage."""
