"""Query parameters for paging, and those with which a look-up gets a complete list.

A look-up requests the largest page that the document allows.
"""

from __future__ import annotations

from urllib.parse import unquote_plus, urlencode

from oakum.authz.completeness_names import words
from oakum.openapi.model import Json, Operation, Parameter
from oakum.openapi.shape_queries import scalars

PAGING = words(
    "limit per_page page_size pagesize size count first max page offset cursor after before next "
    "start"
)
"""Names of parameters that turn pages and select nothing else."""
_SIZES = words(
    "batchsize count entriesperpage first itemsperpage limit max maxcount maxitems maxkeys "
    "maxresults numberofresults numitems numresults pagecount pagelen pagelength pagelimit "
    "pagesize pagetake perpage recordsperpage resultsize resultsperpage rows rowsperpage size take "
    "top"
)
"""Names of the size of a page, in small letters without signs."""
_PLACES = words(
    "after afterid anchor before beforeid bookmark continuation continuationtoken continue "
    "currentpage cursor cursormark endingbefore exclusivestartkey lastevaluatedkey lastid lastkey "
    "marker maxid next nextcursor nextkey nextmarker nextpage nextpagekey nextpagetoken nexttoken "
    "offset page pageafter pagebefore pagecursor pageindex pageno pagenum pagenumber pageoffset "
    "pagestart pagetoken resumptiontoken scroll scrollid seek sinceid skip skiptoken start startat "
    "startcursor startindex startingafter startkey starttoken"
)
"""Names of the place of a page."""
_EITHER = frozenset(("from", "index", "n", "num", "p", "pg", "results", "to"))
"""Names that turn pages where they are numbers."""


def page(operation: Operation) -> tuple[str, int]:
    """(query for the largest page that the document allows, its size); `""` and -1 if the document
    gives no size, `""` and 0 if it declares no paging."""
    paging = [each for each in operation.parameters if each.where == "query" and _turns(each)]
    for each in paging:
        if _plain(each.name) in _SIZES:
            size = _most(each.shape.maximum, each.default)
            if size:
                return urlencode({each.name: size}), size
    return "", -1 if paging else 0


def _turns(each: Parameter) -> bool:
    """Whether a parameter says which part of a list is returned, or how much of it."""
    name = _plain(each.name)
    counts = name in _EITHER and "integer" in scalars(each.shape)
    return name in _SIZES or name in _PLACES or counts


def _plain(name: str) -> str:
    """A name in small letters without signs: `pagesize` for `page[size]`, `top` for `$top`."""
    return "".join(filter(str.isalnum, name)).lower()


def page_size(operation: Operation) -> str:
    """The parameter with which `page` asks for the size of a page; empty: none."""
    return unquote_plus(page(operation)[0].partition("=")[0])


def required_query(operation: Operation) -> str:
    """Query with the required parameters other than paging; empty: none."""
    paged = page_size(operation)
    return urlencode([(name, value) for name, value in operation.required_query if name != paged])


def _most(maximum: Json, default: Json) -> int:
    for value in (maximum, default):
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    return 0
