"""What can go wrong in a way the user should read."""

from collections.abc import Mapping


class DomainError(Exception):
    """A refusal with a translated message that may be shown as it is."""

    status = 400


class NotAllowed(DomainError):
    """The actor's roles, or the state of the record, forbid it."""

    status = 403


class NotFound(DomainError):
    """No such record, or none that this actor may know of."""

    status = 404


class Conflict(DomainError):
    """Someone else was faster: the record is no longer as the user saw it."""

    status = 409


class Invalid(DomainError):
    """What was typed breaks a rule; ``fields`` maps field names to messages."""

    status = 422

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})
