-- Header allow lists, towards the API and back. What a name means is decided once and cached.
--
-- Only listed headers are forwarded. To some framework, a header that is not listed may name a caller
-- (CWE-290), a path or a method.

local cache = require "oakum.cache"
local media = require "oakum.media"
local trim = require "oakum.trim"

local byte, find, lower, sub = string.byte, string.find, string.lower, string.sub
local gmatch, gsub, match = string.gmatch, string.gsub, string.match

local M = {}

local function set(names)
  local made = {}
  for name in names:gmatch("%S+") do made[name] = true end
  return made
end

-- Never, whatever the document or the contract declares. Hop by hop: RFC 9110, 7.6.1; `Proxy`: CVE-2016-5385.
local NEVER = set [[connection keep-alive te trailer transfer-encoding upgrade http2-settings expect
  forwarded content-length proxy x-method x-rest-method x-verb]]
local NEVER_BEGINS = { "x-oakum-", "x-forwarded-", "proxy-" }
local NEVER_HOLDS = { "method-override", "http-method", "http-verb" }
-- Of what passes unread alone: a part of an answer cannot be judged.
local PARTS = set "range if-range accept-encoding"
local CONDITIONS = set "if-none-match if-modified-since if-match if-unmodified-since"
-- Those that a method other than GET and HEAD heeds (RFC 9110, 13.1.3), and whether `*` stands for any object.
local OF_WRITES = { ["if-match"] = true, ["if-none-match"] = true, ["if-unmodified-since"] = false }
local PART = "content-range"
-- What clients and browsers say of themselves, and of no account (RFC 9110, Fetch, Trace Context).
local ONWARD = set [[host accept accept-language accept-charset content-type content-language
  content-encoding content-disposition user-agent origin referer cache-control pragma priority prefer dnt
  save-data upgrade-insecure-requests last-event-id sec-gpc
  access-control-request-method access-control-request-headers access-control-request-private-network
  traceparent tracestate baggage b3 uber-trace-id sentry-trace x-amzn-trace-id x-cloud-trace-context
  x-request-id x-correlation-id idempotency-key x-idempotency-key
  x-requested-with x-csrf-token x-csrftoken x-xsrf-token]]
local SOCKET = { "sec-websocket-" }
local ONWARD_BEGINS = { "^sec%-fetch%-[a-z-]+$", "^sec%-ch%-[a-z-]+$", "^x%-b3%-[a-z-]+$", "^x%-datadog%-[a-z0-9-]+$" }
-- Set by the gateway itself, so no need to remove them.
local REPLACED = set "x-forwarded-for x-forwarded-proto x-forwarded-host"

-- Names that a request is read by, and the member of its state that holds the value. Those that
-- may stand twice say how they are joined (RFC 9110, 5.3; RFC 9113, 8.2.3); `true`: the last counts.
local READ = {
  ["content-type"] = { "content_type" },
  ["content-encoding"] = { "content_encoding", ", " },
  ["connection"] = { "connection", "," },
  ["upgrade"] = { "upgrade", "," },
  ["origin"] = { "origin", "," },
  ["access-control-request-method"] = { "wants_method", "," },
  ["cookie"] = { "cookie", "; " },
  ["x-forwarded-for"] = { "forwarded_for", "," },
  ["x-forwarded-proto"] = { "forwarded_proto", true },
}

local ANSWER = set [[content-type set-cookie location retry-after www-authenticate vary
  content-language content-disposition cache-control expires pragma date strict-transport-security
  content-security-policy content-security-policy-report-only x-content-type-options
  x-frame-options referrer-policy permissions-policy x-request-id deprecation sunset allow]]
local ANSWER_BEGINS = { "access-control-", "cross-origin-", "x-ratelimit-", "ratelimit" }

local NONE = {}

-- Of a request: header lines, and bytes of them and of the target, each line with its `: ` and its end.
local MOST_LINES, MOST_BYTES = 100, 60 * 1024
-- Lines that some engine has for itself.
local UNCOUNTED = { host = true, ["x-forwarded-proto"] = true }
-- What no field value holds (RFC 9110, 5.5): a server ends it there, or takes it out and joins the rest.
local CONTROL = "[%z\1-\8\10-\31\127]"

-- Whether an `authorization` holds more than one credential, as servers make one of two lines: a comma may
-- only stand before a parameter (RFC 9110, 11.4), and with `Basic` and `Bearer`, which have none (RFC 7617,
-- RFC 6750), nowhere.
local function several(value)
  local bare = gsub(gsub(value, "\\.", ""), '"[^"]*"', "")
  local comma = find(bare, ",", 1, true)
  if not comma then return false end
  local scheme = lower(match(value, "^[^ ]*"))
  if scheme == "basic" or scheme == "bearer" then return true end
  for piece in gmatch(sub(bare, comma), ",([^,]*)") do
    if find(piece, "[^ \t]") and not find(piece, "^[ \t]*[%w!#$%%&'*+.^_`|~-]+[ \t]*=") then return true end
  end
  return false
end

local function begins(name, prefixes)
  for i = 1, #prefixes do
    if sub(name, 1, #prefixes[i]) == prefixes[i] then return true end
  end
  return false
end

-- Names that `connection` lists beside the usual ones: they belong to this hop only.
local function hop_names(connection)
  if not connection or connection == "keep-alive" or connection == "close" then return nil end
  connection = lower(connection)
  local names = {}
  for name in connection:gmatch("[^, \t]+") do names[name] = true end
  return names
end

M.hop_names = hop_names

-- Notes a header that says whether, or where, a write has to write: `x.heeded[name]` is whether it is
-- forwarded, or `PART` where the operation says so.
local function heed(x, what, value)
  local name, heeded = what.name, x.heeded or {}
  x.heeded = heeded
  if name == PART then
    heeded[name] = what.rule and PART or true
  elseif what.rule then
    heeded[name] = heeded[name] == nil and OF_WRITES[name] and find(value, "^[ \t]*%*[ \t]*$") ~= nil
  else
    heeded[name] = true
  end
end

-- A status and a reason where a write would lose a header that says whether, or where, to write: without it
-- the API would overwrite what the client does not know.
function M.loses(x, endpoint)
  if not x.heeded then return nil end
  local hop = hop_names(x.connection) or NONE
  for name in pairs(OF_WRITES) do
    if x.heeded[name] == false or (x.heeded[name] and hop[name]) then return 412, "condition" end
  end
  local part = x.heeded[PART]
  if part and (hop[PART] or (part == PART and not endpoint.headers[PART])) then return 400, "body" end
end

local Headers = {}
Headers.__index = Headers

local function any(name, patterns, plain)
  for i = 1, #patterns do
    if find(name, patterns[i], 1, plain) then return true end
  end
  return false
end

-- How a name is treated: `never` passes; `parts` only with what passes unread, as a condition that the
-- contract does not name: the answer to a guess would tell what is withheld; `unless` when the operation or
-- the contract declares it or it is a credential; nil: it passes.
local function rule_of(self, name)
  if NEVER[name] or name == self.service or begins(name, NEVER_BEGINS) or any(name, NEVER_HOLDS, true) then
    return "never"
  end
  if PARTS[name] or begins(name, SOCKET) then return "parts" end
  if CONDITIONS[name] then return not self.more[name] and "parts" or nil end
  if self.more[name] or (name == "cookie" and self.cookies) then return nil end
  if self.strip[name] or not (ONWARD[name] or any(name, ONWARD_BEGINS)) then return "unless" end
  return nil
end

local function learn(self, name)
  local reads = READ[name]
  local made = {
    name = name,
    rule = rule_of(self, name),
    replaced = REPLACED[name] or false,
    member = reads and reads[1] or false,
    joint = reads and reads[2] or false,
    credential = self.credentials[name] or false,
    counts = not UNCOUNTED[name] and sub(name, 1, 8) ~= "x-envoy-",
    heeded = OF_WRITES[name] ~= nil or name == PART,
  }
  if #name <= 64 then self.known:put(name, made) end
  return made
end

-- `credentials`: those of the plan; the header ones are numbered by their place in it.
function M.new(guard, credentials)
  local self = setmetatable({
    service = guard.service,
    strip = {},
    more = set(""),
    cookies = false,
    jar = {},
    named = {},
    credentials = {},
    answer = {},
    known = cache.new(2 ^ 18),
    passing = cache.new(2 ^ 18),
  }, Headers)
  for i = 1, #guard.strip do self.strip[lower(guard.strip[i])] = true end
  for i = 1, #guard.headers do self.answer[lower(guard.headers[i])] = true end
  for i = 1, guard.cookies and #guard.cookies or 0 do
    self.cookies, self.jar[guard.cookies[i]], self.named[guard.cookies[i]] = true, true, true
  end
  local more = guard.request_headers or {}
  for i = 1, #more do self.more[lower(more[i])] = true end
  for i = 1, #credentials do
    if credentials[i].where == "cookie" then self.cookies, self.jar[credentials[i].name] = true, true end
    if credentials[i].where == "header" then self.credentials[credentials[i].name] = i end
  end
  return self
end

-- Whether a request with these fields, joined by commas, asks for a WebSocket. An upgrade to anything else is
-- not followed, nor one that `connection` does not name: then it is a request as any other (RFC 9110, 7.8).
function M.upgrades(connection, upgrade)
  if not connection or not upgrade then return false end
  local hop, wanted = hop_names(connection), false
  for name in gmatch(lower(upgrade), "[^, \t]+") do wanted = wanted or name == "websocket" end
  return wanted and hop ~= nil and hop.upgrade == true
end

-- Reads the headers of a request into its state `x`; `x.twice` is set when a credential stands in
-- two of them, or in one that would not go on: the API would act for another than who was judged. A status
-- where no server should take them, or they are too many or too long. `target`: of the request.
function Headers:read(x, headers, target)
  local known, suspects = self.known, nil
  local lines, size, wrong = 0, target and #target or 0, nil
  for i = 1, #headers do
    local name, value = headers[i][1], headers[i][2]
    local what = known:get(name) or learn(self, name)
    local member = what.member
    size = size + #name + #value + 4
    if what.counts then lines = lines + 1 end
    if find(value, CONTROL) then wrong = 400 end
    if what.rule then
      suspects = suspects or {}
      suspects[#suspects + 1] = what
    end
    if what.heeded then heed(x, what, value) end
    if member then
      if not x[member] or what.joint == true then
        x[member] = value
      elseif what.joint then
        x[member] = x[member] .. what.joint .. value
      else
        x.content_type_twice = true
      end
    end
    local place = what.credential
    if place then
      local held = x.credentials
      if not held then
        held = {}
        x.credentials = held
      end
      if member == "cookie" then
        held[place] = x.cookie
      else
        x.twice = x.twice or held[place] ~= nil or (name == "authorization" and several(value))
        held[place] = value
      end
    end
  end
  x.suspects = suspects
  local hop = hop_names(x.connection)
  for name in pairs(hop or NONE) do
    x.twice = x.twice or self.credentials[name] ~= nil or (name == "cookie" and self.cookies)
  end
  return wrong or ((size > MOST_BYTES or lines > MOST_LINES) and 431) or nil
end

local function goes(what, name, endpoint, x)
  local rule = what.rule
  if rule == "never" then return true end
  if rule == "parts" then
    return endpoint ~= nil and not (x.heeded and x.heeded[name] and x.method ~= "GET")
  end
  if what.credential then return false end
  if not endpoint then return rule == "unless" end
  return not endpoint.headers[name]
end

-- Names that must not reach the upstream. `endpoint` is nil for what passes unread; `anonymous` takes
-- the credentials away too.
function Headers:removed(x, headers, endpoint, anonymous)
  local suspects = x.suspects
  local removed, n = {}, 0
  for i = 1, suspects and #suspects or 0 do
    local what = suspects[i]
    if not what.replaced and goes(what, what.name, endpoint, x) then
      n = n + 1
      removed[n] = what.name
    end
  end
  local hop = hop_names(x.connection)
  for i = 1, (hop or anonymous) and #headers or 0 do
    local name = headers[i][1]
    local secret = anonymous
      and (self.credentials[name] or name == "cookie" or name == "authorization")
    if secret or (hop and hop[name]) then
      n = n + 1
      removed[n] = name
    end
  end
  return removed
end

-- Cookies against forgery of requests, which name nobody; their headers pass as well.
local function is_against_forgery(name)
  local rest = lower(name)
  rest = match(rest, "^__host%-(.*)$") or match(rest, "^__secure%-(.*)$") or rest
  rest = match(rest, "^[._-]?[cx]srf(.*)$")
  return rest ~= nil and (match(rest, "^[_-]?$") or match(rest, "^[_-]?token$")) ~= nil
end

-- Whether a whole `cookie` header holds nothing but cookies against forgery of requests, to whatever server: with
-- values as RFC 6265, 4.1.1 has them, without quotes.
function M.is_only_against_forgery(text)
  for piece in gmatch(text .. ";", "([^;]*);") do
    if find(piece, "[^ \t]") then
      local name, value = match(trim.blanks(piece), "^([^=]*)=(.*)$")
      if not name or not is_against_forgery(name) or find(value, '[%z\1-\32",;\\\127-\255]') then return false end
    end
  end
  return true
end

local FORGERY = set "x-csrf-token x-csrftoken x-xsrf-token"

-- Whether a credential in a header or a cookie names nobody: it is one against forgery of requests or, where a
-- token says who is calling (`claim`), the contract names it as a header or cookie that is forwarded as it is.
function Headers:names_nobody(where, name, claim)
  if where == "cookie" then return claim and self.named[name] or is_against_forgery(name) end
  local own = name ~= "authorization" and name ~= "cookie"
  return where == "header" and own and (claim and self.more[name] or FORGERY[name]) or false
end

-- Whether some server may read another cookie in the value of one.
local function starts_another(value)
  local from = find(value, "[,%s\"]")
  return from ~= nil and find(value, "=", from, true) ~= nil
end

-- What is forwarded of the cookies of a request: those that document or contract name, and those against
-- forgery. Any other may choose an account or a tenant that nobody has judged. A value in which some server
-- starts another cookie goes as well, and what was `dropped` of the credentials.
function Headers:cookies_of(text, declared, dropped)
  if self.credentials.cookie and not (dropped and dropped.header.cookie) then return text end
  local kept, n = {}, 0
  for piece in gmatch(text .. ";", "([^;]*);") do
    local name, value = match(trim.blanks(piece), "^([^=]*)=(.*)$")
    if name and not (dropped and dropped.cookie[name])
      and (self.jar[name] or declared and declared[name] or is_against_forgery(name))
      and not starts_another(value) then
      n = n + 1
      kept[n] = name .. "=" .. value
    end
  end
  return table.concat(kept, "; ")
end

local function learn_answer(self, name)
  local passes = ANSWER[name] or self.answer[name] or begins(name, ANSWER_BEGINS) or false
  if #name <= 64 then self.passing:put(name, passes) end
  return passes
end

-- Headers of an answer that may go out, its content-type (false when it has two) and what its bytes
-- are encoded in. `private`: it is somebody's, so nobody may keep it.
function Headers:answered(headers, private)
  local out, n, content_type, encoding = {}, 0, nil, nil
  local passing = self.passing
  for i = 1, #headers do
    local header = headers[i]
    local name = header[1]
    local passes = passing:get(name)
    if passes == nil then passes = learn_answer(self, name) end
    if passes and not (private
      and (name == "cache-control" or name == "expires" or name == "pragma")) then
      n = n + 1
      out[n] = header
    end
    if name == "content-type" then
      content_type = content_type == nil and header[2] or false
    elseif name == "content-encoding" then
      encoding = encoding and encoding .. "," .. header[2] or header[2]
    end
  end
  if private then out[n + 1] = M.PRIVATE end
  return out, content_type, encoding
end

-- Names a file, mostly by a field of the object in the body; so do parameters of its media type.
local NAMING = "content-disposition"

local function essence(value) return trim.blanks(match(value, "^[^;]*")) end

local CHARSET = trim.bytes "[A-Za-z0-9_.:+-]"

local UNNAMED = {}
-- Only the disposition stays; an unknown one counts as `attachment` (RFC 6266, 4.2).
UNNAMED[NAMING] = function(value)
  return lower(essence(value)) == "inline" and "inline" or "attachment"
end
-- Of a media type that names a file only its charset stays.
UNNAMED["content-type"] = function(value)
  local said = lower(value)
  if not find(said, ";[ \t]*name[*0-9]*[ \t]*=") and not find(said, ";[ \t]*filename[*0-9]*[ \t]*=") then
    return value
  end
  local from, past = find(said, ';[ \t]*charset[ \t]*=[ \t]*"?[a-z0-9_.:+-]+')
  local found = from and sub(value, from, past)
  local charset = found and sub(found, trim.last_but(found, CHARSET) + 1)
  return essence(value) .. (charset and "; charset=" .. charset or "")
end

-- Headers of an answer of whose body something was removed, which the name of a file might hold.
function Headers:unnamed(list)
  if self.answer[NAMING] then return list end
  local out = {}
  for i = 1, #list do
    local of = UNNAMED[list[i][1]]
    out[i] = of and { list[i][1], of(list[i][2]) } or list[i]
  end
  return out
end

M.PRIVATE = { "cache-control", "private, no-store" }

-- ---------------------------------------------------------------- values

M.plain = media.plain

-- The n-th entry from the right of a comma-separated list, or nil.
function M.from_right(list, n)
  local last = #list
  for _ = 2, n do
    local comma
    for at = last, 1, -1 do
      if byte(list, at) == 44 then comma = at break end
    end
    if not comma then return nil end
    last = comma - 1
  end
  local first = 1
  for at = last, 1, -1 do
    if byte(list, at) == 44 then first = at + 1 break end
  end
  local entry = trim.blanks(sub(list, first, last))
  return entry ~= "" and entry or nil
end

return M
