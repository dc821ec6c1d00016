"""Which fields of an API's responses a front end uses, measured in a browser.

The law of this package: one ordinary load, watched; no field is taken away or changed to see what
happens. What could not be watched is *not observed*, never unused. Values stay in memory: what is
told is paths and words.
"""

from oakum.frontend.usage import Endpoint, Field, Usage, Use

__all__ = ["Endpoint", "Field", "Usage", "Use"]
