"""Asking for a dossier's page, and pressing its buttons."""

from typing import Any


def page(client: Any, dossier: Any, query: str = "") -> str:
    """Return the page, which must open."""
    response = client.get(f"/dossier/{dossier.code}{query}")
    assert response.status_code == 200
    return response.get_data(as_text=True)


def act(client: Any, dossier: Any, name: str, **data: Any) -> Any:
    """Return the answer to one act."""
    return client.post(f"/dossier/{dossier.code}/act/{name}", data=data)
