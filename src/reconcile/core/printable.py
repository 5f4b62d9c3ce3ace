"""Names come from platforms and files, and go where control characters would be obeyed: terminals, chats, mails."""


def printable(text: str) -> str:
    r"""Return ``text`` with what cannot be printed spelled out (``\x1b``, ``\n``)."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
