"""The web application for gunicorn: ``app.wsgi:app``."""

import gc

import config
from app import create_app

app = create_app(config.load())
# What stands now stays: a collection need not walk through a million objects of modules and tables, nor write into
# the memory that the processes forked from this one share.
gc.freeze()
# A request makes thousands of short-lived objects: looking for rings among them after every 700 takes 3 % of its time.
gc.set_threshold(10_000, 10, 10)
