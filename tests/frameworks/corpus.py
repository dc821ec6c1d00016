"""Requests that some framework reads otherwise than others do, or might."""

from __future__ import annotations

from collections.abc import Iterator

from tests.conformance.exchanges import Request

PLAIN = '{"city":"Rome"}'
TYPES = (
    "application/json", "APPLICATION/JSON", "application/json;charset=UTF-8",
    'application/json ; charset="utf-8"', "application/json;", "application/json; version=2",
    "application/json; charset =utf-7", "application/json; charset= utf-7",
    "application/json;charset=utf-8;charset=utf-7", "application/json;charset=utf-7;charset=utf-8",
    'application/json; charset="utf-7"', "application/json; CHARSET=UTF-7",
    "application/json; charset=utf-16", "application/json; charset=utf-16le",
    "application/json; charset=us-ascii", "application/json; charset=iso-8859-1",
    "application/json, application/json; charset=utf-7",
    'application/json; x="; charset=utf-7"', "application/json; x='; charset=utf-7; y='",
    "application/json; charset*=utf-8''utf-7", "application/json; charset*0=utf-; charset*1=7",
    "application/json; xcharset=utf-7", "application/json; charset", "application/json; charset=",
    'application/json; charset="utf-8\\"; charset=utf-7', "application / json", "json",
    "application/json\t;\tcharset\t=\tutf-7", "application/vnd.api+json", "text/json",
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain", "",
    "application/x-www-form-urlencoded, application/json", "application/xml",
)  # fmt: skip
UTF_7 = b'{"city":"Rome+ACIALAAi-role+ACIAOgAi-staff"}'
BODIES: tuple[bytes, ...] = (
    PLAIN.encode(), UTF_7, '{"city":"Röm","note":null}'.encode(), PLAIN.encode("utf-16"),
    PLAIN.encode("utf-16-le"), PLAIN.encode("utf-32"), b"\xef\xbb\xbf" + PLAIN.encode(),
    b'{"city":"a","city":"b"}', b'{"city":"a","c\\u0069ty":"b"}', b'{"\\u0063ity":"a"}',
    b'{"city":"a","role":"staff"}', b'{"city":"a","Role":"staff"}', b'{"city":"a","ROLE":"staff"}',
    '{"city":"a","ro\u017fe":1,"note":"ſ"}'.encode(), b'{"city":"a","r\\u006fle":"staff"}',
    b'{"city":"a","role\\u0000":"staff"}', b'{"city":"a","role ":"staff"}', b"city=Rome&role=staff",
    b'{"city":"a","__proto__":{"role":"staff"}}', b'{"city":{"a":1,"a":2}}', b'["city"]', b"null",
    b'{"city":12345678901234567890}', b'{"city":1e400}', b'{"city":-0}', b'{"city":1.0}',
    b'{"city":01}', b'{"city":+1}', b'{"city":NaN}', b'{"city":Infinity}', b'{"city":0x10}',
    b"{'city':1}", b"{city:1}", b'{"city":1,}', b'{"city":1}//x', b'{"city":1}{"role":2}',
    b'{"city":1}\n{"role":2}', b'{"city":"\\ud800"}', b'{"city":"\\ud83d\\ude00"}',
    b'{"city":"a\x00"}', b'{"city":"a\tb"}', b'{"city":"\xff"}', b'{"city":"\xc0\xaf"}',
    b'{"city":"\xed\xa0\x80"}', b' \t\r\n{"city":1}\x00', b'\x0c{"city":1}', b'{"city":tRue}',
    b'{"city[]":1}', b'{"city.x":1}', b'{"":1,"city":2}', b"--b\r\n\r\n--b--", b"",
    b'{"name":"a","note":"b","city":"c"}', b'{"city":[1,{"x":null}]}', b'{"city":1e2}',
)  # fmt: skip
QUERIES = (
    "q=1", "q=1&q=2", "q[]=1", "q[a]=1", "q[$ne]=1", "q[a][b]=1", "q%5Ba%5D=1", "q=1;limit=9",
    "q=1;role=staff", "q=1%3Blimit=9", "q=a+b", "q=a%20b", "q=a%2Bb", "q=%", "q=%zz", "q=%ff",
    "q=%c3%a9", "q=%c0%af", "q=é", "q=%00", "q", "q=", "=1", "&&q=1&&", "limit=9", "LIMIT=9",
    "limit%00=9", "lim%69t=9", "limit[]=9", "role=staff", "q=1&role=staff", "q=1&Q=2", "tags=a&tags=b",
    "tags[]=a&tags[]=b", "tags[0]=a&tags[1]=b", "tags=a,b", "tags[a]=1", "filter[a]=1",
    "filter[a][b]=1", "filter[a]=1&filter=2", "filter={\"a\":1}", "filter=%7B%22a%22:1%7D",
    "page=1", "page=1&page=2", "page[]=1", "page=1&page[]=2", "q.a=1", "q=1#role=staff",
    "q=1?role=staff", "q=1%26role=staff", "q==1", "q=1=2", "_method=DELETE", "q=1&_method=DELETE",
    "+q=1", "q+=1", "%20q=1", "q%20=1", " q=1", "tags=a&tags[]=b", "filter[__proto__][a]=1",
    "q[__proto__]=1", "q%5B=1", "q[=1", "q]=1", "filter[=1", "tags[=1", "q=1&amp;role=staff",
)  # fmt: skip
HEADERS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("x-locale", "de"),), (("x-locale", "de"), ("x-locale", "fr")), (("x_locale", "fr"),),
    (("x-locale", "de"), ("x_locale", "fr")), (("x-locale", ""),), (("x-locale", " de "),),
    (("x-http-method-override", "DELETE"),), (("x-http-method", "DELETE"),),
    (("x-method-override", "DELETE"),), (("content-encoding", "gzip"),),
    (("content-encoding", "identity"),), (("content-encoding", "identity, identity"),),
    (("transfer-encoding", "chunked"),), (("x-locale", "d\xe9"),),
)  # fmt: skip
FORM = "application/x-www-form-urlencoded"
FORMS: tuple[tuple[str, bytes], ...] = (
    (FORM, b"note=a"), (FORM, b"note=a&note=b"), (FORM, b"note[]=a"), (FORM, b"note[b]=a"),
    (FORM, b"note=a;role=b"), (FORM, b"note=a+b%2B"), (FORM, b"note=%ff"), (FORM, b"note=\xff"),
    (FORM, b"note=%"), (FORM, b"note=a&role=staff"), (FORM, b"note=a&_method=DELETE"),
    (FORM, b"_method=DELETE"), (FORM, b"_charset_=utf-7&note=+ACI-"), (FORM, b"tags=a&tags=b"),
    (FORM + "; charset=utf-7", b"note=+ACI-"), (FORM + "; charset=utf-8", b"note=a"),
    (FORM + ";charset=utf-8;charset=utf-16", b"note=a"), (FORM, b"note"), (FORM, b"=x"),
    (FORM, b"n%6fte=a"), (FORM, b"note%00=a"), (FORM, b"note=a\r\nrole=b"), (FORM, b"{}"),
    ("multipart/form-data; boundary=b", b'--b\r\ncontent-disposition: form-data; name="note"\r\n\r\na\r\n--b--\r\n'),
    ("multipart/form-data; boundary=b", b'--b\r\ncontent-disposition: form-data; name="_method"\r\n\r\nDELETE\r\n--b--\r\n'),
    ("multipart/form-data; boundary=b", b'--b\r\ncontent-disposition: form-data; name="note"\r\n\r\na\r\n--b\r\ncontent-disposition: form-data; name="note"\r\n\r\nb\r\n--b--\r\n'),
    ("multipart/form-data; boundary=b; boundary=c", b'--c\r\ncontent-disposition: form-data; name="role"\r\n\r\na\r\n--c--\r\n'),
    ('multipart/form-data; boundary="b"', b'x\r\n--b\r\ncontent-disposition: form-data; name="note"\r\n\r\na\r\n--b--\r\nrest'),
    ("multipart/form-data; boundary=b", b'--b\r\ncontent-disposition: form-data; name="note"; name="role"\r\n\r\na\r\n--b--\r\n'),
    ("multipart/form-data; boundary=b", b'--b\r\ncontent-disposition: form-data; name=note; name*=utf-8\'\'role\r\n\r\na\r\n--b--\r\n'),
    ("multipart/form-data; boundary=b", b'--b\r\ncontent-disposition: form-data; name="note"; filename="a"; filename*=utf-8\'\'b\r\n\r\na\r\n--b--\r\n'),
    ("multipart/form-data; boundary=b", b'--b\r\ncontent-type: multipart/mixed; boundary=i\r\ncontent-disposition: form-data; name="note"\r\n\r\n--i\r\n\r\na\r\n--i--\r\n--b--\r\n'),
    ("multipart/form-data; boundary=b", b'--b\ncontent-disposition: form-data; name="role"\n\na\n--b--\n'),
    ("multipart/form-data", b'--b\r\ncontent-disposition: form-data; name="note"\r\n\r\na\r\n--b--\r\n'),
)  # fmt: skip
FOREIGN = {b"_method", b"role", b"_charset_"}


def requests() -> Iterator[tuple[str, Request]]:
    """Each with what it is about: `media`, `body`, `query`, `headers`, `form`."""
    json = (("content-type", "application/json"),)
    for kind in TYPES:
        for body in (PLAIN.encode(), UTF_7, PLAIN.encode("utf-16-le"), b"city=Rome&role=staff"):
            yield "media", Request("PUT", "/things/t1", (("content-type", kind),), body)
        yield "media", Request("GET", "/things/t1", (("content-type", kind),))
    for first in TYPES[:8]:
        pair = (("content-type", first), ("content-type", TYPES[6]))
        yield "media", Request("PUT", "/things/t1", pair, UTF_7)
        yield "media", Request("PUT", "/things/t1", pair[::-1], PLAIN.encode())
    for body in BODIES:
        yield "body", Request("PUT", "/things/t1", json, body)
    for query in QUERIES:
        yield "query", Request("GET", f"/things/t1?{query}")
        yield "query", Request("PUT", f"/things/t1?{query}", json, PLAIN.encode())
    for headers in HEADERS:
        yield "headers", Request("PUT", "/things/t1", (*json, *headers), PLAIN.encode())
        yield "headers", Request("GET", "/things/t1", headers)
    for kind, body in FORMS:
        yield "form", Request("POST", "/things/t1", (("content-type", kind),), body)
        yield "form", Request("PUT", "/things/t1", (("content-type", kind),), body)
