"""What all CRM Analytics calls have in common: refusals, methods, JSON bodies, pages.

Source: crm_analytics.md 1.6 and 2.2.
"""

import base64
import json

from reconcile.sandbox.wire import Call

_PAGE_DEFAULT, _PAGE_MOST = 25, 200  # 2.2, H


class CrmError(Exception):
    """A refusal in the platform's own shape."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


def not_found() -> CrmError:
    """Return the refusal of an id or address that leads nowhere."""
    return CrmError(404, "NOT_FOUND", "The requested resource does not exist")  # 1.6, captured, H


def allow(call: Call, *methods: str) -> None:
    """Raise a CrmError for any other method."""
    if call.method not in methods:  # 1.6, M
        message = f"HTTP Method '{call.method}' not allowed. Allowed are {','.join(methods)}"
        raise CrmError(405, "METHOD_NOT_ALLOWED", message)


def json_body(call: Call) -> object:
    """Return the parsed body; a CrmError when it is not JSON or does not say so."""
    if call.header(b"content-type").partition(";")[0].strip().lower() != "application/json":  # 1.6, M
        message = "Content-Type header specified in HTTP request is not supported: use application/json"
        raise CrmError(415, "UNSUPPORTED_MEDIA_TYPE", message)
    try:
        return json.loads(call.body)
    except ValueError as error:
        raise CrmError(400, "JSON_PARSER_ERROR", f"Invalid Json Format: {error}") from None


def page_args(call: Call) -> dict[str, str]:
    """Return the parameters; those that a page token carries win."""
    args = call.args
    return {**args, **_read_token(args["page"])} if "page" in args else args


def page_size(args: dict[str, str]) -> int:
    """1 to 200, default 25 (2.2, H); what happens outside is not documented, 400 is assumed."""
    given = args.get("pageSize", str(_PAGE_DEFAULT))
    if given.isdigit() and 1 <= int(given) <= _PAGE_MOST:
        return int(given)
    raise CrmError(400, "INVALID_INPUT", f"pageSize must be between 1 and {_PAGE_MOST}")


def page_start(args: dict[str, str]) -> int:
    """Return how many entries come before this page."""
    given = args.get("start", "0")
    if given.isdigit():
        return int(given)
    raise CrmError(400, "INVALID_INPUT", "The page token is not valid")


def next_page(url: str, args: dict[str, str], kept: tuple[str, ...], total: int) -> str | None:
    """Return the server-relative address of the next page, None on the last one (2.2, H).

    The token is opaque, carries the parameters, and counts entries: what appears in front meanwhile shifts the rest.
    """
    size, start = page_size(args), page_start(args)
    if start + size >= total:
        return None
    carried = {"pageSize": str(size), "start": str(start + size)}
    token = {**carried, **{name: args[name] for name in kept if name in args}}
    return f"{url}?page={base64.urlsafe_b64encode(json.dumps(token).encode()).decode().rstrip('=')}"


def _read_token(token: str) -> dict[str, str]:
    try:
        carried = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return {name: str(value) for name, value in carried.items()}
    except (ValueError, AttributeError):
        raise CrmError(400, "INVALID_INPUT", "The page token is not valid") from None
