"""One message to an outside system over HTTPS: JSON there, JSON back."""

import json
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

_TIMEOUT = 8  # seconds
_OUT_OF_ORDER = 500  # HTTP
_MAX_ANSWER = 1 << 20  # bytes


class OutsideError(Exception):
    """The other system could not be reached, refused the message, or answered what is no JSON object."""


class Unreachable(OutsideError):
    """The other system did not answer, or is out of order: others need not try at once either."""


class _Stay(HTTPRedirectHandler):
    """Follows no redirect: the token is meant for the configured address alone."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        """Return nothing: the redirect becomes an error."""
        return


def post_json(address: str, token: str, payload: dict[str, Any], key: str) -> dict[str, Any]:
    """Return the answer to ``payload``. ``key``: the same message sent again carries the same one.

    Raises OutsideError; its text is for administrators and names no personal data.
    """
    if not address.startswith(("https://", "http://")):
        raise OutsideError("the address is not http(s)")
    headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": key}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = json.dumps(payload, ensure_ascii=False).encode()
    try:
        with build_opener(_Stay).open(Request(address, data, headers), timeout=_TIMEOUT) as response:
            answer = json.loads(response.read(_MAX_ANSWER) or b"{}")
    except HTTPError as exc:
        raise (Unreachable if exc.code >= _OUT_OF_ORDER else OutsideError)(f"HTTP {exc.code}") from exc
    except ValueError as exc:
        raise OutsideError(f"{type(exc).__name__}: {exc}"[:300]) from exc
    except (URLError, HTTPException, OSError) as exc:
        raise Unreachable(f"{type(exc).__name__}: {exc}"[:300]) from exc
    if not isinstance(answer, dict):
        raise OutsideError("the answer is not a JSON object")
    return answer
