"""The hand-written proxy without its filter, inside Oakum's ASGI middleware.

Environment: `API_PORT`, `API_CONTRACT` (file of the policy).
"""

from __future__ import annotations

import os

from plain import forward

from oakum.asgi import OakumMiddleware

app = OakumMiddleware(forward, os.environ["API_CONTRACT"])
