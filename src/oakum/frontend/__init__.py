"""Which fields of an API's responses a front end uses, measured in a browser.

Pages are loaded as usual and observed; no field is removed or changed to see what happens. What
could not be observed is reported as *not observed*, never as unused. Values stay in memory: the
output contains only field paths and names that the document declares.
"""

from oakum.frontend.usage import Usage, Use, UsedEndpoint, UsedField

__all__ = ["Usage", "Use", "UsedEndpoint", "UsedField"]
