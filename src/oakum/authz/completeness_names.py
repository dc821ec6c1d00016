"""Names of the members beside a list: which say whether the list is complete (`total`, `next`),
and which say nothing about that."""

from __future__ import annotations

import re
from collections.abc import Collection

from oakum.inference.lexicon import CURSORS, GOES_ON

_OTHER = re.compile(r"[^a-z0-9]")


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


USUAL = frozenset(
    map(int, words("10 12 15 16 20 24 25 30 32 40 50 60 64 75 100 125 128 150 200 250 256 500 512"))
)
"""Common page sizes, used when none is declared; each multiple of 100 is one too."""


ON = words("next more cursor continu truncat partial incomplete scroll remain")
FAILED = words(
    "error warn fail exception fault problem retry timedout timeout degraded fallback unavailable"
    " prev stale cached throttl maintenance"
)
ENDED = words("nomore nonext norest nofurther nottruncated untruncated notpartial")
"""Parts of names by which a list says that it ends: `noMorePages: true`."""
NAMES = {
    "cursor": CURSORS
    | words(
        "bookmark resume resumptiontoken resumetoken skiptoken pagetoken locator querylocator"
        " iterator"
    ),
    "left": (GOES_ON - CURSORS)
    | words("limitreached limited capped dropped notshown hiddencount cutoff overflow"),
    "done": words(
        "exhaustive complete iscomplete done isdone finished isfinished islast islastpage final"
        " exhausted eof last atend isend endoflist endofresults allloaded exhaustivenbhits"
    ),
    "pages": words("pages totalpages pagecount numpages numberofpages lastpage nbpages"),
    "first": words(
        "page currentpage pagenumber pageindex pageno number offset skip"
        " start startindex startat from"
    ),
    "size": words(
        "limit perpage pagesize size itemsperpage pagelimit maxresults max take"
        " batchsize hitsperpage maxpagesize"
    ),
    "count": words(
        "count numfound found hits length resultcount resultscount itemcount itemscount"
        " rowcount rowscount numresults nbhits nbresults numhits recordcount recordscount"
        " numberofelements odatacount"
    ),
    "words": words("message messages msg detail details reason notice title description"),
    "well": words("success successful ok"),
    "status": words("status code statuscode result state"),
    "kind": words("object type kind resourcetype"),
    "until": words("end endcursor to"),
    "finish": words("lastpageurl lastpageuri"),
    "about": words(
        "self first href url uri link path timestamp time date requestid traceid correlationid id"
        " version apiversion took duration servertime generatedat etag lastmodified updatedat"
        " startcursor firstpageurl firstpageuri"
    ),
}
_KINDS = {name: kind for kind, names in NAMES.items() for name in names}
AROUND = words(
    "meta metadata links pagination paging pageinfo paginginfo pager info cursors response data"
    " payload envelope summary extensions headers"
)
"""Names of objects around a list whose members are interpreted one by one."""

HARMLESS = words(
    "name title label caption summary description owner ownerid user userid member memberid account"
    " accountid profile profileid author authorid organization organizationid organisation orgid"
    " tenant tenantid team teamid group groupid project projectid workspace workspaceid parent"
    " parentid room roomid channel channelid listid username displayname handle slug email"
    " lang language locale currency country region timezone environment host hostname server node"
    " sort sorted unsorted sortby sortorder order orderby ordering direction dir q query search"
    " term filter filters fields include includes included expand embedded params parameters"
    " empty paged unpaged maxscore score hitrate schema schemas context odatacontext odatametadata"
    " odatadeltalink jsonapi curies templates base docs documentation documentationurl help helpurl"
    " copyright license licence attribution revision rev hash checksum digest signature nonce color"
    " icon image avatar private public visibility role roles permissions tags"
    " created createdat createdby createdtime modified modifiedat modifiedby updated updatedby"
    " updatetime lastupdated fetchedat retrievedat requestedat respondedat issuedat expires"
    " expiresat expiry ttl maxage elapsed elapsedms elapsedtime durationms latency runtime"
    " processingtime processingtimems querytime queryid tookms traceid spanid operationid"
    " unread unreadcount deprecated beta"
)
"""Declared members that say nothing of a list, whatever stands in them."""


SILENT_HEADERS = words(
    "accept-ch accept-patch accept-post accept-ranges age allow alt-svc alt-used baggage"
    " cache-control cdn-cache-control clear-site-data connection content-digest"
    " content-disposition content-encoding content-language content-length content-md5"
    " content-security-policy content-security-policy-report-only content-type date deprecation"
    " etag expect-ct expires feature-policy keep-alive last-modified nel origin-agent-cluster"
    " origin-trial p3p permissions-policy pragma proxy-authenticate proxy-connection"
    " referrer-policy report-to reporting-endpoints repr-digest server server-timing set-cookie"
    " strict-transport-security sunset surrogate-control surrogate-key te timing-allow-origin"
    " traceparent traceresponse tracestate trailer transfer-encoding upgrade vary via"
    " www-authenticate x-content-type-options x-dns-prefetch-control x-download-options"
    " x-frame-options x-permitted-cross-domain-policies x-powered-by x-robots-tag x-timer"
    " x-ua-compatible x-varnish x-xss-protection"
)
"""Headers that a standard, or common use, gives another meaning than a list's; so have those that
begin with one of `SILENT_STARTS`."""
SILENT_STARTS = words("access-control- cross-origin- sec-")
SILENT_ENDS = words(
    "time times timing timings timestamp latency duration runtime elapsed ms seconds perf date"
    " epoch id ids uid uuid guid key hash checksum digest nonce signature tag tags version revision"
    " build release commit host hostname node server instance pod shard zone region datacenter port"
    " pid worker thread user account tenant session client app ttl expires expiry reset cost"
    " credits used budget cpu memory bytes queries level priority control sampled by"
)
"""Last words of other headers whose values are no number of entries: `x-response-time`."""
COUNTED_CALLS = words("rate ratelimit quota cache caches b3")
"""Words of headers that count calls, or what a cache did: `x-ratelimit-limit`, `x-cache-hits`."""
NO_TAILS = words("after older newer rest left range last done final limit max size take")
TAILS = (NAMES["cursor"] | NAMES["left"] | NAMES["done"] | NAMES["size"]) - NO_TAILS
"""Names that say the same as the end of a header's name: `x-list-complete`, `sforce-locator`."""


def plain_name(name: str) -> str:
    """Lower case, with letters and digits only: `x-Total_Count` is `xtotalcount`."""
    return _OTHER.sub("", name.lower())


def kind_of(plain: str) -> str:
    """The meaning of a member, a key of `NAMES`; empty: unknown."""
    return _KINDS.get(plain, "")


def has_part(plain: str, parts: Collection[str]) -> bool:
    """Whether a plain name contains one of `ON`, `FAILED` or `ENDED`."""
    return any(part in plain for part in parts)
