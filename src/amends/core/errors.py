"""The refusals a person may see. Views and the API turn them into pages and problem+json."""

from __future__ import annotations


class AmendsError(Exception):
    """Base of every refusal; `message` is a sentence that says what to do.

    Attributes:
        status: the HTTP status this refusal becomes.
        code: a stable word for programs.
    """

    status = 400
    code = "refused"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Refused(AmendsError):
    """The request is understood but cannot be done as it stands."""

    status = 422


class BadInput(AmendsError):
    """A value is missing or wrong."""

    status = 422
    code = "bad_input"


class NotFound(AmendsError):
    """There is no such thing, or it is not yours: the two look the same on purpose."""

    status = 404
    code = "not_found"

    def __init__(self, message: str = "There is no such page, or it is not yours to see.") -> None:
        super().__init__(message)


class NotAllowed(AmendsError):
    """The thing is visible to the actor, but this act is not for their role."""

    status = 403
    code = "not_allowed"


class Conflict(AmendsError):
    """Somebody else was faster, or the same key was used for something else."""

    status = 409
    code = "conflict"
