"""Drafts that report a finding to the vendor or to a supervisory authority.

A draft states what was observed, by whom and where, and what is unknown. What Oakum cannot know is
a placeholder, `<…>`, for a person to fill in. No draft contains a personal value: evidence is
shapes, as in a report.
"""

from oakum.advisory.contact import Contact, read_contact, told_contact
from oakum.advisory.csaf import csaf
from oakum.advisory.disclosure_case import Draft
from oakum.advisory.gdpr_notification import statement
from oakum.advisory.json_document import SCHEMA, json_document
from oakum.advisory.vendor import vendor

__all__ = [
    "SCHEMA",
    "Contact",
    "Draft",
    "csaf",
    "json_document",
    "read_contact",
    "statement",
    "told_contact",
    "vendor",
]
