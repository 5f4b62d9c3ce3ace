"""The front door of the platforms: log, latency and faults around the simulators, on bare ASGI to be quick."""

import asyncio
from email.utils import format_datetime

from starlette.types import Message, Receive, Scope, Send

from reconcile.sandbox.fault import Fault
from reconcile.sandbox.log import Entry
from reconcile.sandbox.wire import CRM_ANALYTICS, TAILER, TAMR, Call, Reply
from reconcile.sandbox.world import Sandbox

PREFIXES = {"/services": CRM_ANALYTICS, "/v1": TAILER, "/api": TAMR}
"""First part of a path -> platform; they do not collide, so one address serves all three."""

TRANSPORT = "reconcile.transport"
"""Where the connection's transport stands in `scope["state"]`, put there by the server's protocol class."""


class FrontDoor:
    """The ASGI application of one platform."""

    def __init__(self, sandbox: Sandbox, platform: str) -> None:
        self._sandbox = sandbox
        self._platform = platform

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or let it go wrong."""
        call = await _read(scope, receive)
        sandbox = self._sandbox
        with sandbox.lock:
            entry = sandbox.log.begin(self._platform, call)
            wait, fault = sandbox.faults.take(self._platform, call.method, call.target)
        if fault is not None:
            entry.fault = fault.kind if not fault.after_effect else f"{fault.kind} after effect"
        elif wait:
            entry.fault = "delay"
        if sandbox.latency + wait:
            await asyncio.sleep(sandbox.latency + wait)
        if fault is None:
            await self._answer(self._carried_out(call, entry), entry, send, call)
        else:
            await self._go_wrong(fault, call, entry, scope, receive, send)

    def _carried_out(self, call: Call, entry: Entry) -> Reply:
        reply = self._sandbox.handle(self._platform, call)
        entry.effect = reply.effect
        return reply

    async def _go_wrong(
        self, fault: Fault, call: Call, entry: Entry, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Do what the fault says; `partial` shows part of a real response and so always has its effect."""
        real = self._carried_out(call, entry) if fault.after_effect or fault.kind == "partial" else None
        match fault.kind:
            case "cut":
                await _drop(scope, receive)
            case "hang":
                await self._hang(fault.seconds, receive)
                await _drop(scope, receive)
            case "partial":
                await self._send_part(real or Reply(), entry, send)
                await _drop(scope, receive)
            case _:
                await self._answer(fault.reply(self._platform), entry, send, call)

    async def _hang(self, seconds: float | None, receive: Receive) -> None:
        """Wait for the time given, the client's leaving or the server's end, whichever comes first."""
        left = asyncio.ensure_future(_gone(receive))
        ends = asyncio.get_running_loop().time() + (float("inf") if seconds is None else seconds)
        while not (left.done() or self._sandbox.stopping or asyncio.get_running_loop().time() >= ends):
            await asyncio.wait([left], timeout=0.05)
        left.cancel()

    async def _answer(self, reply: Reply, entry: Entry, send: Send, call: Call) -> None:
        entry.status = reply.status
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()]
        headers += self._date() if "date" not in reply.headers else []
        bodyless = reply.status in (204, 304)
        if not bodyless:
            headers.append((b"content-length", str(len(reply.body)).encode()))
        await send(_start(reply.status, headers))
        await send({"type": "http.response.body", "body": b"" if bodyless or call.method == "HEAD" else reply.body})

    async def _send_part(self, reply: Reply, entry: Entry, send: Send) -> None:
        """Send the head, promising the whole body, and half of it."""
        entry.status = reply.status
        body = reply.body or b"{}"
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send(_start(200 if reply.status == 204 else reply.status, [*headers, *self._date()]))
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        await asyncio.sleep(0.01)  # let the socket take it before the connection goes

    def _date(self) -> list[tuple[bytes, bytes]]:
        """Return the `Date` header: simulated time, to be compared with the times in what the platforms answer."""
        if not self._sandbox.switches["date_header"]:
            return []
        return [(b"date", format_datetime(self._sandbox.clock.now(), usegmt=True).encode())]


async def _read(scope: Scope, receive: Receive) -> Call:
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    query = scope["query_string"].decode("latin-1")
    return Call(scope["method"], scope["path"], query, scope["headers"], body)


def _start(status: int, headers: list[tuple[bytes, bytes]]) -> Message:
    return {"type": "http.response.start", "status": status, "headers": headers}


async def _drop(scope: Scope, receive: Receive) -> None:
    """Close the TCP connection now; what was not sent yet never will be.

    The server takes a handler that returns without a response for a defect, except when the client is gone: so wait
    until it has seen the closed connection.
    """
    transport = scope.get("state", {}).get(TRANSPORT)
    if transport is None:
        raise ConnectionAbortedError("this fault needs the sandbox's own server: there is no connection to cut here")
    transport.abort()
    await _gone(receive)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
