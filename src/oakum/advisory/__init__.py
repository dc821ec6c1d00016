"""Drafts of what others are told about a finding: the vendor, or a supervisory authority.

Two laws. A draft says what was seen, by whom and where, and what nobody knows, and what Oakum
cannot know stands as `<…>`. And no value of a person is in it: evidence is shapes, as in a report.
"""

from oakum.advisory.contact import Contact, read_contact, told_contact
from oakum.advisory.csaf import csaf
from oakum.advisory.draft import Draft
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
