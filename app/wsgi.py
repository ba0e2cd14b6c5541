"""The web application for gunicorn: ``app.wsgi:app``."""

import gc

import config
from app import create_app

app = create_app(config.load())
# What stands now stays: a collection need not walk through a million objects of modules and tables, nor write into
# the memory that the processes forked from this one share.
gc.freeze()
