"""Passwords and the like in what is shown, written or logged: three stars in their place."""

import re
from urllib.parse import unquote

HIDDEN = "***"

_NAMES = (
    "password", "passwd", "pwd", "sslpassword", "secret", "client_secret", "oauth_client_secret",
    "scram_client_key", "scram_server_key", "token", "access_token", "api_key", "apikey",
)  # fmt: skip
"""Of settings whose values nobody else may know: libpq's, and those of other services."""

_IN_URL = re.compile(r"(?P<before>[a-zA-Z][\w+.-]*://[^\s:/?#@]*:)(?P<secret>[^\s]*)(?P<after>@)")
_IN_QUERY = re.compile(r"(?P<before>[?&;](?P<name>[^\s=&;?]+)=)(?P<secret>[^\s&;'\"]*)")
_ASSIGNED = re.compile(
    rf"(?P<before>(?<![\w-])(?P<name>PG(?:PASSWORD|SSLPASSWORD)|{'|'.join(_NAMES)})\s*=\s*)"
    r"(?P<secret>'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[^\s&;'\"]+)",
    re.IGNORECASE,
)


def hide_secrets(text: str) -> str:
    """The text with every password in it hidden, in any form that libpq reads: in a URL before the host or in its
    query, however its letters are escaped, or as `password = '...'`.
    """
    text = _IN_URL.sub(rf"\g<before>{HIDDEN}\g<after>", text)
    text = _IN_QUERY.sub(_hide, text)
    return _ASSIGNED.sub(rf"\g<before>{HIDDEN}", text)


def one_line(text: str) -> str:
    """What may be shown of a text from anywhere: no secret, no line break, nothing that steers a terminal."""
    words = " ".join(hide_secrets(text).split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in words)


def _hide(found: re.Match[str]) -> str:
    is_secret = unquote(unquote(found["name"])).lower() in _NAMES
    return found["before"] + HIDDEN if is_secret else found[0]
