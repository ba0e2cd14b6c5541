"""What a browser would send of a generated form."""

import html
import re


def as_sent(page: str) -> dict[str, str]:
    """Return the fields of the edit form in ``page``, with a browser's line ends."""
    data = {}
    form = page[page.index('<form method="post" novalidate') :]
    form = re.sub(r"<template>.*?</template>", "", form[: form.index("</form>")], flags=re.S)
    tags = r"<input[^>]+>|<textarea[^>]*>.*?</textarea>|<select[^>]*>.*?</select>"
    for part in re.findall(tags, form, re.S):
        head = part[: part.index(">") + 1]
        found = dict(re.findall(r'([a-z-]+)="([^"]*)"', head))
        name = found.get("name")
        if name is None or (found.get("type") == "checkbox" and " checked" not in head):
            continue
        if head.startswith("<textarea"):
            body = part[len(head) : -len("</textarea>")].removeprefix("\n")
            data[name] = html.unescape(body).replace("\n", "\r\n")
        elif head.startswith("<select"):
            chosen = re.findall(r'value="([^"]*)" selected', part) or re.findall(r'value="([^"]*)"', part)
            data[name] = html.unescape(chosen[0])
        else:
            data[name] = html.unescape(found.get("value", ""))
    return data
