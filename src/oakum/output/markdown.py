"""Makes foreign text safe in Markdown: in comments on pull requests, and in drafts of messages.

Names come from an API, a contract or a document that may be malicious, so none of them can produce
a link, an image, HTML, a mention of a user, or a row of a table. There is one escaper for all.
"""

from __future__ import annotations

import re

from oakum.output.terminal_text import short

MOST = 500
"""Most characters of one text."""


def escape_title(text: str) -> str:
    """Escaped text with its backticked parts as code."""
    parts = re.split(r"`([^`]*)`", short(text, MOST))
    return "".join(code_of(part) if at % 2 else escape(part) for at, part in enumerate(parts))


def code_of(text: str) -> str:
    """A name as an HTML `<code>` element, since backticks are not safe in tables and lists."""
    return f"<code>{escape(text)}</code>" if text else ""


def escape(text: str) -> str:
    """Text without any effect in Markdown: markup is escaped, and what becomes a link without
    markup is broken up.

    `@name`, `#1` and URLs are separated by a zero-width space.
    """
    shown = re.sub(" +", " ", short(text, MOST))
    shown = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    shown = re.sub(r"([\\`*_\[\]|~$])", r"\\\1", shown)
    # characters that would begin a list or a heading
    shown = re.sub(r"^( ?\d*)([-+#.)=])", r"\1\\\2", shown)
    return re.sub(r"(?i)(@|:(?=//)|www(?=\.)|gh(?=-\d)|#(?=\d))", "\\1\u200b", shown)
