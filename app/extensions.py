"""The extension objects, made once and bound to an application by ``create_app``."""

from celery import Celery
from flask_appbuilder import Model
from flask_appbuilder.models.sqla.base import SQLA
from flask_wtf import CSRFProtect
from sqlalchemy import MetaData, event
from sqlalchemy.orm import Session
from sqlalchemy_utils.aggregates import manager as aggregates

import app.connections  # noqa: F401  (prepares every connection that is opened)

# Named constraints: Alembic can only drop on PostgreSQL, or rebuild on SQLite, what has a name.
Model.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

metadata: MetaData = Model.metadata
# One metadata for FAB's tables and ours; rows stay readable after commit so that a
# response can be rendered from them without another round of statements.
db = SQLA(model_class=Model, session_options={"expire_on_commit": False})
csrf = CSRFProtect()
celery = Celery("motcua")

# FAB imports sqlalchemy-utils, whose aggregates we do not use; their listener walks through
# every loaded object at every flush, a fifth of the time of a long transaction.
event.remove(Session, "after_flush", aggregates.construct_aggregate_queries)
