"""The web application for gunicorn: ``app.wsgi:app``."""

import gc

import config
from app import create_app

app = create_app(config.load())
gc.freeze()  # what stands now stays: a collection need not walk through a million objects of modules and tables
