"""The declaration layer: one Screen beside a model gives its screens, API and rights.

This is the only package that knows Flask-AppBuilder's insides.
"""
