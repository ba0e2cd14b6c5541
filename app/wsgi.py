"""The web application for gunicorn: ``app.wsgi:app``."""

import config
from app import create_app

app = create_app(config.load())
