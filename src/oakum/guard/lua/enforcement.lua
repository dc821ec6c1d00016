-- The enforcement pipeline for every engine: a request in, its response out.
--
-- Default deny: each step either continues or denies. After an error the engine answers 502. A response
-- is read by its declared media type and returned with only the fields that its caller may see, or not
-- at all.
--
-- The state `x` of a request is one table, passed on from `enter` to `audit`; everything else belongs to
-- the guard.

local address = require "oakum.address"
local audit = require "oakum.audit"
local automaton = require "oakum.automaton"
local conditions = require "oakum.tenant_selection"
local events = require "oakum.events"
local graphql = require "oakum.graphql"
local graphql_arguments = require "oakum.graphql_arguments"
local guesses = require "oakum.guesses"
local hash = require "oakum.hash"
local headers = require "oakum.headers"
local decide = require "oakum.decide"
local json = require "oakum.json"
local lookups = require "oakum.lookups"
local media = require "oakum.media"
local mentions = require "oakum.mentions"
local parts = require "oakum.parts"
local project = require "oakum.project"
local csv = require "oakum.csv"
local route = require "oakum.route"
local shared = require "oakum.shared"
local forms = require "oakum.forms"
local stored_object = require "oakum.stored_object"
local subject = require "oakum.subject"
local trim = require "oakum.trim"
local who = require "oakum.who"

local byte, find, floor, lower, match, sub =
  string.byte, string.find, math.floor, string.lower, string.match, string.sub
local sort = table.sort

local M = {}

local NONE = {}
local SLASH = byte "/"
local FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data"
local PATCH = "application/json-patch+json"
local IDENTITY = { "accept-encoding", "identity" }
local HTTP, HTTPS = { "x-forwarded-proto", "http" }, { "x-forwarded-proto", "https" }
local UPGRADE = { { "connection", "Upgrade" }, { "upgrade", "websocket" } }

-- ---------------------------------------------------------------- answers of the guard's own

-- Reason phrases of RFC 9110 and its kin, by the hundreds.
local TITLES = {
  [400] = "Bad Request", [401] = "Unauthorized", [402] = "Payment Required", [403] = "Forbidden",
  [404] = "Not Found", [405] = "Method Not Allowed", [406] = "Not Acceptable",
  [407] = "Proxy Authentication Required", [408] = "Request Timeout", [409] = "Conflict",
  [410] = "Gone", [411] = "Length Required", [412] = "Precondition Failed",
  [413] = "Content Too Large", [414] = "URI Too Long", [415] = "Unsupported Media Type",
  [416] = "Range Not Satisfiable", [417] = "Expectation Failed", [418] = "I'm a Teapot",
  [421] = "Misdirected Request", [422] = "Unprocessable Content", [423] = "Locked",
  [424] = "Failed Dependency", [425] = "Too Early", [426] = "Upgrade Required",
  [428] = "Precondition Required", [429] = "Too Many Requests",
  [431] = "Request Header Fields Too Large", [451] = "Unavailable For Legal Reasons",
  [500] = "Internal Server Error", [501] = "Not Implemented", [502] = "Bad Gateway",
  [503] = "Service Unavailable", [504] = "Gateway Timeout", [505] = "HTTP Version Not Supported",
  [506] = "Variant Also Negotiates", [507] = "Insufficient Storage", [508] = "Loop Detected",
  [510] = "Not Extended", [511] = "Network Authentication Required",
}

local Guard = {}
Guard.__index = Guard

-- A problem (RFC 9457) of always the same bytes; `wait`: seconds, of 429 and 503. Its `problem` is their
-- number, which an engine may tell to HEAD as well.
function Guard:problem(status, wait)
  if status == 429 or status == 503 then wait = wait or 1 end
  local key = wait and status .. " " .. wait or status
  local made = self.problems[key]
  if made then return made end
  local title = TITLES[status] or TITLES[floor(status / 100) * 100] or TITLES[500]
  local list = {
    { "content-type", "application/problem+json" },
    { "cache-control", "no-store" },
  }
  if status == 401 and self.bearers then list[3] = { "www-authenticate", "Bearer" } end
  if wait then list[3] = { "retry-after", tostring(wait) } end
  made = {
    status = status, headers = list,
    body = '{"type":"about:blank","title":' .. json.quote(title) .. ',"status":' .. status .. "}",
  }
  made.problem = #made.body
  if not wait or wait == 1 then self.problems[key] = made end
  return made
end

-- The same for one request: a page of an origin that the contract names can read it (Fetch standard).
function Guard:refusal(x, status, wait)
  local made = self:problem(status, wait)
  if not x.origin or not self.origins[x.origin] then return made end
  local list = {}
  for i = 1, #made.headers do list[i] = made.headers[i] end
  list[#list + 1] = { "access-control-allow-origin", x.origin }
  list[#list + 1] = { "access-control-allow-credentials", "true" }
  return { status = made.status, headers = list, body = made.body, problem = made.problem }
end

-- *Forbidden*, said as *absent* where the contract conceals.
local function absent(endpoint)
  return endpoint.conceals and 404 or 403
end

-- ---------------------------------------------------------------- made once

local function set_of(list)
  local made = {}
  for i = 1, #list do made[list[i]] = true end
  return made
end

local function globs_of(patterns)
  local made = {}
  for i = 1, #patterns do made[i] = route.glob(patterns[i]) end
  return made
end

-- The table by which a resource is written.
local function settable(plan, name)
  for i = 1, #plan.tables do
    if plan.tables[i].writing and plan.tables[i].name == name then return plan.tables[i] end
  end
end

local function check_texts(plan, endpoint)
  endpoint.checked = {}
  for name, at in pairs(endpoint.texts) do
    endpoint.checked[#endpoint.checked + 1] = { name = name, said = plan.automata[at + 1] }
  end
end

local function form_of(form)
  return type(form) == "table" and form.names and {
    names = set_of(form.names), lists = set_of(form.lists), numbers = set_of(form.numbers), nested = form.nested, judged = form.judged, marks = form.marks,
  }
end

local function prepare_target(plan, target)
  target.settable = target.resource and settable(plan, target.resource.name)
  target.types, target.nodes = media.index(target.types), media.index(target.nodes)
  if target.after then prepare_target(plan, target.after) end
  if target.above then prepare_target(plan, target.above) end
  for k = 1, target.around.n do prepare_target(plan, target.around[k]) end
end

local function prepare_standing(plan, target)
  prepare_target(plan, target)
  target.tables, target.parted = {}, set_of(target.parts)
  for k = 1, target.kinds.n do
    local name = target.kinds[k]
    for i = 1, plan.tables.n do
      local each = plan.tables[i]
      if each.name == name and not each.writing then
        target.tables[name] = { shown = each, set = settable(plan, name) }
      end
    end
  end
end

local function prepare(plan, endpoint, index)
  endpoint.index = index
  prepare_target(plan, endpoint.target)
  for _, target in pairs(endpoint.finders) do prepare_target(plan, target) end
  if endpoint.typed then prepare_target(plan, endpoint.typed) end
  if endpoint.standing then prepare_standing(plan, endpoint.standing) end
  endpoint.below = set_of(endpoint["local"])
  endpoint.declared, endpoint.listed = set_of(endpoint.query), set_of(endpoint.lists)
  endpoint.unread = set_of(endpoint.unread)
  endpoint.form, endpoint.parts = form_of(endpoint.form), form_of(endpoint.parts)
  check_texts(plan, endpoint)
  -- Whether what it answers is that of a write: a GET is answered as a read, whatever it changes.
  endpoint.acts = endpoint.write and endpoint.method ~= "GET"
  endpoint.headers, endpoint.jar = set_of(endpoint.headers), set_of(endpoint.cookies)
  conditions.prepare(endpoint.selects)
  endpoint.chosen, endpoint.choices = {}, 0
  endpoint.kinds, endpoint.streams = {}, false
  for status, declared in pairs(endpoint.answers) do
    endpoint.kinds[status] = media.index(declared)
    for _, answer in pairs(declared) do
      endpoint.streams = endpoint.streams or answer.kind == "sse" or answer.kind == "ndjson"
    end
  end
  if endpoint.accept then endpoint.accepts = media.index(endpoint.accept) end
end

-- Why nothing may be let through, as it was started; nil: it may. `service_env`: where the credential of
-- look-ups would stand; `deny_key`: tells whether a deny list was made under the key of the audit.
local function unfit(settings, service)
  if settings.service_env and not service then
    return ("`%s` is not set in the environment, so look-ups would be asked as the caller"):format(settings.service_env)
  end
  local key = settings.deny_key and hash.hmac_hex(settings.audit_key or "", "oakum.deny/1")
  if key and sub(key, 1, 16) ~= settings.deny_key then
    return "the deny list was made with a different key than the audit log, so it would reject nobody"
  end
end

-- `text`: the plan; `settings`: `service` (value of the credential of look-ups), `audit_key`,
-- `observe`, `timeout` (seconds that the API has for an answer), `denied` (who is turned away, as the audit writes it → until when), `state` (path of the file that workers share), `redis`.
function M.new(text, host, settings)
  local plan = project.load(assert(json.plain(text)))
  local guard = plan.guard
  local limits = {}
  for i = 1, #plan.limits do limits[i] = plan.limits[i] end
  limits[#limits + 1] = guesses.LIMIT
  local state = assert(shared.open(settings.state, limits, settings.redis))
  local service = settings.service ~= "" and settings.service or nil
  local asking = lookups.new(plan, host, state, service, settings.timeout)
  local keys
  if plan.caller.kind == "api_key" then keys = json.decode(text).guard.api_keys end
  local names = headers.new(guard, plan.credentials)
  local self = setmetatable({
    plan = plan, host = host, now = host.now, shared = state, asking = asking, problems = {},
    observe = settings.observe or false, denied = settings.denied, unfit = unfit(settings, service),
    who = who.new(plan, host, asking, settings.audit_key or hash.random(32), keys),
    headers = names,
    hosts = #guard.hosts > 0 and set_of(guard.hosts) or nil,
    origins = set_of(guard.origins), passes = globs_of(guard.passes), websockets = globs_of(guard.websockets),
    max_body = guard.max_body, hops = guard.hops, secrets = {}, tenants = set_of(plan.tenants),
    choices = set_of(plan.choices), preferences = set_of(plan.preferences), host_pair = NONE,
  }, Guard)
  for i = 1, #plan.endpoints do prepare(plan, plan.endpoints[i], i) end
  for i = 1, #plan.rivals do
    check_texts(plan, plan.rivals[i])
    plan.rivals[i].barred = true
  end
  self.routes = route.new(plan.endpoints, plan.rivals, plan.shut)
  for i = 1, #plan.credentials do
    local each = plan.credentials[i]
    self.who.nameless[i] = names:names_nobody(each.where, each.name, plan.caller.kind == "claim")
    if each.where == "query" then self.secrets[each.name] = true end
    if each.where == "header" and each.name == "authorization" then self.bearers = true end
  end
  for i = 1, #plan.limits do
    local limit = plan.limits[i]
    limit.place = i - 1
    if limit.kind == "rate" then self[limit.name] = limit else self.counts = true end
  end
  return self
end

-- ---------------------------------------------------------------- in

-- The address of the client: what the proxy that is `hops` away saw, or else the peer.
local function address_of(self, x, req)
  if self.hops == 0 or not x.forwarded_for then return req.address end
  return headers.from_right(x.forwarded_for, self.hops) or req.address
end

-- What is said of a body is said onward in words of the guard's own, or not at all. Codings go: only a
-- body without one gets so far.
local function described(x)
  if x.content_encoding then x.remove[#x.remove + 1] = "content-encoding" end
  if not x.content_type then return end
  local said = not x.content_type_twice and not x.preflight and media.read(x.content_type)
  if said then
    x.set[#x.set + 1] = { "content-type", said.text }
  else
    x.remove[#x.remove + 1] = "content-type"
  end
end

local SIXTY_FOUR = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

-- Whether a text in base64 has a colon in it.
local function has_colon(said)
  local bits, n = 0, 0
  for i = 1, #said do
    bits, n = bits * 64 + string.find(SIXTY_FOUR, said:sub(i, i), 1, true) - 1, n + 6
    if n >= 8 then
      n = n - 8
      if math.floor(bits / 2 ^ n) == 58 then return true end
      bits = bits % 2 ^ n
    end
  end
  return false
end

-- Whether the one `authorization` is a name and a password and nothing else (RFC 7617): where something
-- follows, or there is no colon, some server finds another scheme or a token.
local function password(headers)
  for i = 1, #headers do
    if headers[i][1] == "authorization" then
      local said = headers[i][2]:match "^[Bb][Aa][Ss][Ii][Cc] +([A-Za-z0-9+/]+)=?=?$"
      return said ~= nil and #said % 4 ~= 1 and has_colon(said)
    end
  end
  return false
end

local function removes(x, name)
  for i = 1, #x.remove do
    if x.remove[i] == name then return true end
  end
  return false
end

-- What goes on to the API. `endpoint` is nil for what passes unread.
function Guard:forward(x, req, endpoint, anonymous)
  x.method = x.endpoint and x.method == "HEAD" and "GET" or req.method
  local query = x.query
  if x.dropped and next(x.dropped.query) then query = route.without(query, x.dropped.query) end
  x.target = query == x.asked_query and query and req.target
    or query and x.path .. "?" .. query or x.path
  x.remove = self.headers:removed(x, req.headers, endpoint, anonymous)
  local proto = self.hops > 0 and x.forwarded_proto
  if proto ~= "http" and proto ~= "https" then proto = req.scheme end
  local host = req.host or ""
  if self.host_pair[2] ~= host then self.host_pair = { "x-forwarded-host", host } end
  x.set = {
    { "x-forwarded-for", x.address }, proto == "https" and HTTPS or HTTP, self.host_pair,
    not x.raw and IDENTITY or nil,
  }
  if not x.raw then described(x) end
  local dropped = x.dropped
  for name in pairs(dropped and dropped.header or NONE) do
    if name ~= "cookie" then x.remove[#x.remove + 1] = name end
  end
  local kept = x.cookie and self.headers:cookies_of(x.cookie, endpoint and endpoint.jar, dropped)
  if kept == "" then
    x.remove[#x.remove + 1] = "cookie"
  elseif kept and kept ~= x.cookie and not removes(x, "cookie") then
    x.set[#x.set + 1] = { "cookie", kept }
  end
end

-- What names nobody here names nobody there: some servers read `Bearer` and a tab, or a bare token. A
-- name and a password may be what a client logs in with.
function Guard:drop_nameless(x, req)
  if x.who.anonymous and self.bearers and not password(req.headers) then
    x.remove[#x.remove + 1] = "authorization"
  end
end

-- An upgrade to WebSocket passes unread where the contract says so. Whom a token or a key names is found out
-- as in any request, since an API behind the guard may only decode it; nothing is looked up.
local function upgrade(self, x, req)
  if req.method ~= "GET" or not route.matches(self.websockets, x) then return 404, "route" end
  local found = route.credentials(x.query, self.secrets)
  if found == false or not self.who.reader:gather(x, found) then return 400, "who" end
  local kind = self.who.caller.kind
  if kind == "claim" or kind == "api_key" then
    local status, reason, wait = self:identify(x, req)
    if status then return status, reason, wait end
  end
  x.raw, x.switch = true, true
  self:forward(x, req, nil, false)
  if x.who then self:drop_nameless(x, req) end
  x.set[#x.set + 1] = UPGRADE[1]
  x.set[#x.set + 1] = UPGRADE[2]
end

-- A static file, which passes unread and without credentials.
local function unread(self, x, req)
  x.raw = true
  x.query = route.without(x.query, self.secrets)
  self:forward(x, req, nil, true)
end

-- The question that a browser asks ahead (Fetch standard, CORS): the same whatever its path names.
local function preflight(self, x, req, endpoint)
  local body = not req.empty and req.body() or ""
  if body ~= "" then return 400, "body" end
  if endpoint.ahead == "" then return 404, "route" end
  x.preflight, x.path, x.query = true, endpoint.ahead, false
  self:forward(x, req, { headers = NONE }, true)
  x.target = endpoint.ahead
end

-- What comes back of it: what the API says of other origins, always with one status.
local AHEAD, ORIGINS = 204, "access-control-"
local function told_ahead(self, res)
  local list, kept = self.headers:answered(res.headers, false), {}
  for i = 1, #list do
    if sub(list[i][1], 1, #ORIGINS) == ORIGINS then kept[#kept + 1] = list[i] end
  end
  return { status = AHEAD, headers = kept, body = "" }
end

-- Whether a host is one of the contract's; the same text as last time is not taken apart again.
local function is_ours(self, host)
  if self.our_host == host then return true end
  if not self.hosts[lower((host:gsub(":%d*$", "")))] then return false end
  self.our_host = host
  return true
end

-- Whether the caller may use the endpoint at all, or reach an object; look-ups that this hangs on are
-- asked for only when the answer is no without them.
function Guard:may(x, ask, object)
  local asking = self.asking
  repeat
    asking:begin(x)
    if ask(self.plan, x.endpoint.index, x.who.know, x.params, object) then return true end
  until not asking:inquire(x)
  return false
end

-- Whether only plain keys say which objects a write is of, so that `call` is about these alone.
local function names_all(endpoint)
  local kind = endpoint.target.kind
  return endpoint.plain and endpoint.call and (kind == "caller" or kind == "none")
end

-- Whether the caller is on the deny list; nobody who is not known by an id is.
function Guard:listed(x)
  if not self.denied or x.who.anonymous then return false end
  local till = self.denied[self.who:audited(x.who)]
  return till ~= nil and till > self.host.time()
end

function Guard:rate(x)
  local limit = x.who.anonymous and self.anonymous or not x.who.anonymous and self.callers
  if not limit then return nil end
  local key = x.who.anonymous and address.of(x) or x.who.name
  local allowed, wait =
    self.shared:rate(limit.place, key, limit.most, limit.per, self.host.time())
  if not allowed then return 429, "rate", wait end
end

-- Finds out who is calling, and holds them to the deny list and the limits; nil, or a status, a reason and
-- seconds to wait.
function Guard:identify(x, req)
  local bearer, status, wait = self.who:find(x, req)
  if not bearer then return status, status == 429 and "rate" or "who", wait end
  x.who = bearer
  if self:listed(x) then return 403, "listed" end
  return self:rate(x)
end

-- Whether what is wrong with a write tells that there is something to write to.
local function hides(endpoint, status, reason)
  local unfit = status == 400 or status == 413 or status == 415 or status == 422 or reason == "target"
  local above = endpoint.target.above
  local looks = endpoint.target.kind == "ask" or above and above.kind == "ask" or endpoint.standing or endpoint.typed and endpoint.typed.kind == "ask"
  return endpoint.hidden and looks and unfit
end

-- From credentials to the right to call; then a write's object and a body.
local function call(self, x, req, endpoint)
  local query, found = route.query(x.query, endpoint.declared, endpoint.listed, endpoint.nested, self.secrets, endpoint.caps)
  if query == false then return 400, "query" end
  x.query = query
  if endpoint.write or endpoint.asked or self.counts then x.headers = req.headers end
  if not self.who.reader:gather(x, found) then return 400, "who" end
  x.conditions = conditions.of(endpoint.selects, x, req, self.tenants)
  if not x.conditions then return 400, "unreadable" end
  x.chooses = conditions.chooses(endpoint.picks, self.choices, self.preferences, x, req.headers)
  local status, reason, wait = self:identify(x, req)
  if status then return status, reason, wait end
  if not self:may(x, decide.may_call) then
    return x.who.anonymous and 401 or absent(endpoint), "call"
  end
  local object
  if endpoint.write then
    if endpoint.acts then status, reason = headers.loses(x, endpoint) end
    if status then return status, reason end
    object, status, reason = self:object(x, endpoint)
    if status then
      if hides(endpoint, status, reason) and not self:visible(x) then return absent(endpoint), reason end
      return status, reason
    end
    if not (names_all(endpoint) or endpoint.target.above) and not self:may(x, decide.may_write, object) then
      return absent(endpoint), "call"
    end
    for i = 1, #object.stands do
      local each = object.stands[i]
      each.apart = true
      -- A list is the object's around it, and each element whose it is.
      if not each.many and not self:may(x, decide.may_write, each) then return absent(endpoint), "call" end
    end
  end
  status, reason = self:body(x, req, endpoint, object)
  x.taken = not status
  if status then
    if hides(endpoint, status, reason) and not self:visible(x) then return absent(endpoint), reason end
    return status, reason
  end
  if endpoint.write and not self:reaches(x) then return absent(endpoint), "call" end
  if x.erring then self:before(x) end
  self:forward(x, req, endpoint, false)
  self:drop_nameless(x, req)
  if endpoint.streams then x.stream, x.request = true, req end
  if endpoint.write then
    x.stale = self:stale(x, object)
    self.asking:expect(x.stale)
  end
end

-- A write is over: what was found out while it was under way is believed no more. One that the API did not
-- answer it may still be at.
local function over(self, x, answered)
  if not x.stale then return end
  if answered then self.asking:forget(x.stale) else self.asking:expect(x.stale) end
  x.known = false -- it was true before the write
end

-- Whether the parameters of the path are what the document allows in them.
local function allowed(endpoint, params)
  for i = 1, #endpoint.checked do
    local each = endpoint.checked[i]
    if not automaton.matches(each.said, params[each.name]) then return false end
  end
  return true
end

-- Of an endpoint and those beside it the first whose parameters may be what stands in the path (`x`); else the
-- first of all. With the parameters, and whether they may.
local function among(first, x)
  local endpoint = first
  while endpoint do
    local params = route.params(endpoint, x)
    if allowed(endpoint, params) then return endpoint, params, true end
    endpoint = endpoint.rival
  end
  return first, first and route.params(first, x), false
end

-- The same of a request; nil where it is unclear which: some routers compare what the path has, some what its
-- escapes stand for.
local function fitting(first, x)
  local found, params, fits = among(first, x)
  if first and first.rival and found ~= among(first, { values = x.written }) then return nil end
  return found, params, fits
end

-- A request whose target names its host (RFC 9112, 3.2.2) as one with a path: whatever its `host` says, the
-- target counts. Others as they are.
local function in_origin_form(req)
  local scheme, host, rest = match(req.target, "^(%a+)://([^/?#@]+)(.*)$")
  scheme = scheme and lower(scheme)
  if scheme ~= "http" and scheme ~= "https" or not find(rest, "^[/?]") and rest ~= "" then return end
  req.target, req.host = sub(rest, 1, 1) == "/" and rest or "/" .. rest, host
end

-- Decides; nil when the request may go on, else a status, a word for the audit and seconds to wait.
local function admit(self, x, req)
  if self.unfit then return 503, "error" end
  local wrong = self.headers:read(x, req.headers, req.target)
  if wrong then return wrong, "unreadable" end
  if self.hosts and not is_ours(self, req.host or "") then return 404, "host" end
  if not route.read(x, req.target) then return 404, "path" end
  x.asked_query = x.query
  x.address, x.peer = address_of(self, x, req), req.address
  local method = req.method
  local switch = headers.upgrades(x.connection, x.upgrade)
  if switch or method == "CONNECT" or method == "TRACE" then return upgrade(self, x, req) end
  local endpoints = self.routes:find(x)
  if not endpoints then
    if (method == "GET" or method == "HEAD") and route.matches(self.passes, x)
      and not self.routes:near(x) then
      return unread(self, x, req)
    end
    return 404, "route"
  end
  if method == "OPTIONS" and x.origin and x.wants_method then
    local first = endpoints[x.wants_method == "HEAD" and "GET" or x.wants_method]
    local endpoint, _, fits = fitting(first, x)
    if endpoint and not endpoint.barred then
      if not fits then return 404, "path" end
      return preflight(self, x, req, endpoint)
    end
  end
  local endpoint, params, fits = fitting(endpoints[method == "HEAD" and "GET" or method], x)
  if not endpoint or endpoint.barred or endpoint.headless and method == "HEAD" then
    return 404, "route"
  end
  -- GraphQL answers a mutation as a query.
  x.endpoint, x.acts = endpoint, endpoint.acts and not endpoint.graphql
  x.once = endpoint.write
  x.params = params
  if not fits then return 404, "path" end
  return call(self, x, req, endpoint)
end

-- May yield. The state of the request: with `deny`, an answer to give at once; else what to forward (`method`,
-- `target`, `set`, `remove`, and `body` when it is another one).
function Guard:enter(req)
  -- All that most requests have, so that the table is made in one piece.
  local x = {
    asked_method = "", method = "", now = 0, lookups = 0, failed = 0, bytes_in = 0,
    peer = false, block = false, path = "", query = false, headers = false, asked_query = false, segments = false, written = false, values = false, count = 0,
    odd = false, suspects = false, connection = false, cookie = false, address = "", endpoint = false,
    params = false, credentials = false, carrying = false, conditions = false, who = false, known = false, missing = false,
    dropped = false, target = "", set = false, remove = false, status = false, bytes_out = false,
    upstream = false, removed = false, stream = false,
  }
  x.asked_method, x.method, x.now = req.method, req.method, self.now()
  if byte(req.target) ~= SLASH then in_origin_form(req) end
  local status, reason, wait = admit(self, x, req)
  if status then
    x.denied = reason
    if not self.observe then
      x.deny = self:sent(x, self:refusal(x, status, wait))
      return x
    end
  end
  if self.observe then
    x.method, x.target, x.set, x.remove, x.body = req.method, req.target, NONE, NONE, nil
  end
  return x
end

-- ---------------------------------------------------------------- the object of a write

-- What the API answers about an object and its decoded value; nil, a status and a reason where it cannot be
-- asked.
local function answer_of(self, x, endpoint, target, reader)
  local asking = self.asking
  local question = stored_object.question(asking, x, target, reader, x.params)
  if not question then return nil, absent(endpoint), "target" end
  question.timeout = asking:spend(x)
  if not question.timeout then return nil, 503, "target" end
  local answer, value = asking:ask(x, question)
  return answer or NONE, value
end

local function refused(answer)
  return answer.status and answer.status >= 400 and answer.status < 500
end

local function gone_is(answer)
  return answer.status == 404 or answer.status == 410
end

-- Resources of which the object of a write is none, as the API shows it now: a set, or nil, a status and a
-- reason.
local function unlike(self, x, endpoint, object)
  local target, made = endpoint.typed, {}
  if not target then return made end
  if target.kind == "none" then
    for k = 1, object.new and 0 or target.kinds.n do
      made[target.kinds[k]] = target.kinds[k] ~= object.resource or nil
    end
    return made
  end
  local answer, value, reason = answer_of(self, x, endpoint, target, self.plan.endpoints[target.endpoint])
  if not answer then return nil, value, reason end
  if gone_is(answer) then
    if endpoint.method == "PATCH" then return nil, 404, "target" end
    return made
  end
  if refused(answer) then return nil, absent(endpoint), "target" end
  if value == nil then return nil, 503, "target" end
  return stored_object.unlike(target, answer, value)
end

-- What the API shows now at a path that ends with a word: a list, or nil, a status and a reason.
local function standing(self, x, endpoint, object)
  local target = endpoint.standing
  if not target then return {} end
  local reader = self.plan.endpoints[target.endpoint]
  local answer, value, reason = answer_of(self, x, endpoint, target, reader)
  if not answer then return nil, value, reason end
  local empty = answer.status == 204 and (answer.body or "") == ""
  if empty or gone_is(answer) then return {} end
  if refused(answer) then return nil, absent(endpoint), "target" end
  if value == nil then return nil, 503, "target" end
  local found = stored_object.standing(target, reader, answer, value, x.params, x.who, object)
  if not found then return nil, absent(endpoint), "target" end
  return found
end

-- What the API shows of an object, or nil, a status and a reason.
local function asked(self, x, endpoint, target)
  local reader = self.plan.endpoints[target.endpoint]
  local answer, value, why = answer_of(self, x, endpoint, target, reader)
  if not answer then return nil, value, why end
  if refused(answer) then
    local gone = gone_is(answer)
    if gone and target.after and target.made ~= "" then return asked(self, x, endpoint, target.after) end
    if answer.status == 404 and target.made ~= "" then
      local new = subject.of({ x.params[target.made] })
      new.new = true
      return new
    end
    return nil, gone and 404 or absent(endpoint), "target"
  end
  if value == nil then return nil, 503, "target" end
  local seen = stored_object.seen(target, reader, answer, value, x.params, x.who)
  if not seen then return nil, absent(endpoint), "target" end
  if not target.says or not target.after or seen.said then return seen end
  local other, status, reason = asked(self, x, endpoint, target.after)
  if other and (other.new or other.owners.n == 0) then return seen end
  return other, status, reason
end

-- Whether an object is of whom a path names as its owner. All by which the caller is known are one.
local function is_of(object, owner, ids)
  for i = 1, object.owners.n do
    local each = object.owners[i]
    if each == owner or (ids[owner] and ids[each]) then return true end
  end
  return false
end

-- Which object is unknown: nobody knows that a relation in `unless` does not hold.
local UNKNOWN = { owners = { n = 0 }, owned = true, resource = "", apart = true }
-- Of what nobody owns.
local NOBODYS = { owners = { n = 0 }, owned = false, resource = "", apart = true }

-- Whether the caller may create something below an object, whatever that is or for their relation to it:
-- true, or nil, a status and a reason.
local function enter(self, x, endpoint, above)
  if self:may(x, decide.may_write, UNKNOWN) then return true end
  local object, status, reason = subject.of(above.kind == "path" and { x.params[above.param] } or NONE), nil, nil
  if above.kind == "ask" then object, status, reason = asked(self, x, endpoint, above) end
  if not object then return nil, status, reason end
  object.apart = true
  if not self:may(x, decide.may_write, object) then return nil, absent(endpoint), "call" end
  return true
end

-- Whose object a write touches, or nil, a status and a reason.
function Guard:object(x, endpoint)
  local target, touched, status, reason = endpoint.target, nil, nil, nil
  if target.kind == "caller" then
    local may = true
    if target.above then may, status, reason = enter(self, x, endpoint, target.above) end
    if not may then return nil, status, reason end
    touched = subject.of(x.who.list)
    touched.new = endpoint.method == "POST"
  elseif target.kind == "path" then
    touched = subject.of({ x.params[target.param] })
  elseif target.kind == "none" then
    touched = subject.of(NONE)
  else
    touched, status, reason = asked(self, x, endpoint, target)
    if not touched then return nil, status, reason end
  end
  local owner = endpoint.owner ~= "" and x.params[endpoint.owner] or nil
  local theirs = not owner or target.kind ~= "ask" or is_of(touched, owner, x.who.ids)
  for k = 1, target.around.n do
    local around
    around, status, reason = asked(self, x, endpoint, target.around[k])
    if not around then return nil, status, reason end
    theirs = theirs and is_of(around, owner, x.who.ids)
  end
  if not theirs then return nil, absent(endpoint), "call" end
  touched.unnamed, touched.below = target.unnamed, target.below
  touched.key = target.last ~= "" and x.params[target.last] or nil
  touched.unlike, status, reason = unlike(self, x, endpoint, touched)
  if not touched.unlike then return nil, status, reason end
  touched.stands, status, reason = standing(self, x, endpoint, touched)
  if not touched.stands then return nil, status, reason end
  return touched
end

-- ---------------------------------------------------------------- the body of a request

-- Whether the object of a write is the caller's.
local function own(endpoint, object, bearer)
  if endpoint.target.kind == "caller" then return true end
  for i = 1, object.owners.n do
    if bearer.ids[object.owners[i]] then return true end
  end
  return false
end

-- The node by which a body of this media type is judged, false for one that passes unread, or nil, a
-- status and a reason.
local pairs_of -- forward
local function judged_form(endpoint, kind)
  local form = kind == FORM and endpoint.form or kind == PARTS and endpoint.parts or nil
  return form and form.judged
end

-- Whether what stands in a body decides.
local function binds(endpoint)
  return endpoint.binds or endpoint.plain and endpoint.plain.body
end

local function accepted(x, endpoint)
  if not endpoint.accept or x.content_type_twice then return nil, 400, "body" end
  local said = x.content_type and media.read(x.content_type)
  local node = said and media.choose(endpoint.accepts, said)
  -- What a range covers and is not JSON is judged as little as under its own name.
  if node and not media.is_json(said.type) and not judged_form(endpoint, said.type) then node = false end
  if node == nil or not said or not media.plain(x.content_encoding) then return nil, 415, "media" end
  local judged = binds(endpoint) or media.is_json(said.type)
  if said.type == PARTS and endpoint.upload ~= "" then judged = false end
  if node == false and judged then return nil, 415, "media" end
  -- Operations on fields are no object of another JSON type, nor of a range.
  if said.type == PATCH and not endpoint.accepts[PATCH] and binds(endpoint) then return nil, 415, "media" end
  if not said.utf8 and (node or said.type == FORM or said.type == PARTS) then
    return nil, 415, "media"
  end
  return node, nil, nil, said
end

-- A body in URL-encoded pairs, of which those that are declared go on, as of a query; else a status.
function pairs_of(self, x, form, text)
  local kept = route.query(text, form.names, form.lists, form.nested, NONE)
  if kept == false then return 400 end
  local said, n = {}, 0
  for piece in text:gmatch("[^&]+") do
    if sub(piece, 1, 1) ~= "=" then
      n = n + 1
      said[n] = piece
    end
  end
  kept = kept or ""
  if kept ~= table.concat(said, "&") and self.plan.guard.unknown == "refuse" then return 422 end
  if kept ~= text then x.body = kept end
end

-- A body that is not JSON, of which at most the names are judged: nil, or a status.
local function unread(self, x, endpoint, said, text)
  if said.type == FORM then
    if endpoint.form then return pairs_of(self, x, endpoint.form, text) end
    return parts.overrides(parts.of_pairs(text)) and 422 or nil
  end
  if said.type ~= PARTS then return nil end
  local found = parts.of_parts(text, said.boundary)
  if not found then return 400 end
  if endpoint.parts then return not parts.declared(found, endpoint.parts) and 422 or nil end
  return parts.overrides(found) and 422 or nil
end

-- Whether an endpoint at which a query chooses what is answered is asked something else than a query that
-- says which field is which; `said`: the body, decoded. Nothing is looked up for one that names the tenant.
local function evades(self, x, endpoint, said)
  if graphql.refused(said, endpoint.write) then return true end
  for _, name in ipairs(graphql.arguments(said)) do
    if conditions.is_named(name, endpoint.selects, self.tenants) then conditions.silence(x) end
  end
end

-- Whether no body, `null` or an empty list comes from whom an object without members is refused: where all
-- of a body is a resource, they write no less.
local function unset(self, x, endpoint, object)
  return endpoint.write and endpoint.whole and not self:may(x, decide.may_set, object)
end

local MOST_CUTS = 8 -- of one body, after which it is refused

-- Reads and judges the body; nil when it may go on (cut down: `x.body`), else a status and a reason.
function Guard:judged(x, req, endpoint, object)
  local text, why = "", nil
  if not req.empty then text, why = req.body() end
  if why == "too long" then return 413, "too-long" end
  if why then return 400, "truncated" end
  text = text or ""
  x.bytes_in = #text
  if self.counts then x.text = text end
  if endpoint.write or endpoint.asked then x.written = text end
  if #text > self.max_body then return 413, "too-long" end
  if endpoint.picks.body and text ~= "" and not x.chooses then
    local type = x.content_type and media.read(x.content_type)
    x.chooses = conditions.chosen_by(text, self.choices, type and type.type)
  end
  local decides = endpoint.write and not endpoint.call and endpoint.binds
  if text == "" then
    if endpoint.graphql then
      local url = endpoint.method == "GET" and graphql.parameter(x.query or "")
      if evades(self, x, endpoint, { query = url }) then return 400, "query" end
    end
    if decides and not own(endpoint, object, x.who) then return 422, "body" end
    if unset(self, x, endpoint, object) then return 422, "body" end
    return nil
  end
  local node, status, reason, said = accepted(x, endpoint)
  if status then return status, reason end
  if node == false then
    -- No `set` decides about an upload, as where no other body holds a resource.
    if endpoint.upload ~= "" and not own(endpoint, object, x.who) then
      if not endpoint.call then return absent(endpoint), "call" end
      if endpoint.upload == "own" then return 422, "body" end
    end
    status = unread(self, x, endpoint, said, text)
    if status then return status, "body" end
    return nil
  end
  local whole, form = text, said.type == FORM and endpoint.form or said.type == PARTS and endpoint.parts or nil
  if form then
    text = forms.as_json(form, said.type, whole, said.boundary)
    if not text then return 400, "body" end
  end
  if endpoint.graphql then
    local said = json.decode(text)
    if said == nil then return 400, "body" end
    if evades(self, x, endpoint, said) then return 400, "query" end
    -- What a mutation answers in the place of an object tells of it, too.
    x.mutates = endpoint.acts and graphql.mutates(said)
    x.erring = x.mutates
  end
  local asking, out, seen = self.asking, nil, nil
  local named = object and stored_object.named(endpoint)
  if object then object.named = named end
  local given, cuts, again = text, 0, false
  repeat
    asking:begin(x)
    seen = { removed = {} }
    out, why = project.accept(self.plan, node, x.who.know, endpoint.index, x.params, text, object, seen)
    if why == "unreadable" then return 400, "body" end
    local more = not (out and next(seen.removed) == nil)
    if more and named and #named.wanted > 0 then
      status, reason = stored_object.find(self.plan, asking, x, named)
      if status then return status, reason end
    elseif more then
      more = asking:inquire(x)
    end
    -- What is removed may have decided about the rest, as the type of an object does: that has to be
    -- allowed alone as well.
    again = not more and out and next(seen.removed) ~= nil and self.plan.guard.unknown ~= "refuse"
    if again then
      if cuts == MOST_CUTS then return 422, "body" end
      text, cuts = out, cuts + 1
    end
  until not more and not again
  local sets = (out or why == "refused") and seen.sets
  -- Whoever may set something else has come so far.
  if not sets and decides and not own(endpoint, object, x.who) then return 422, "body" end
  if not out or (next(seen.removed) ~= nil and self.plan.guard.unknown == "refuse") then
    return 422, "body"
  end
  if not sets and unset(self, x, endpoint, object) then return 422, "body" end
  if out ~= given then
    x.body = form and forms.left(said.type, whole, json.decode(out)) or not form and out
    if not x.body then return 422, "body" end
  end
  x.said = given
end

-- What a request carries that may name objects. `value`: its body, if it was read; `arguments`: those of a
-- GraphQL query.
local function carried(x, value, arguments)
  local said = value == nil and x.written and x.content_type and media.read(x.content_type)
  return {
    query = x.query or nil, params = x.params, headers = x.headers, value = value, arguments = arguments,
    failed = x.erring, unread = value == nil and x.written or nil, is_text = said and said.type == "text/plain" or false,
  }
end

-- The objects that a write names by keys alone: each has to be one that it may touch; else a status and a
-- reason.
local function named_alone(self, x, endpoint, object)
  local plain = endpoint.plain
  if self:may(x, decide.may_write, UNKNOWN) then return nil end
  local keys = stored_object.keys(plain, carried(x, x.said and json.decode(x.said)), object)
  if not keys then return absent(endpoint), "call" end
  if #keys == 0 and names_all(endpoint) and not endpoint.target.above and not self:may(x, decide.may_write, object) then
    return absent(endpoint), "call"
  end
  local named = stored_object.named(endpoint)
  named.wanted = keys
  local status, reason = stored_object.find(self.plan, self.asking, x, named)
  if status then return status, reason end
  for i = 1, #keys do
    local found = named.found[keys[i].mark]
    if not found or found.new then return absent(endpoint), "call" end
    found.apart = true
    if not self:may(x, decide.may_write, found) then return absent(endpoint), "call" end
  end
end

-- Whether a write sends an object of a resource in a parameter, where nobody judges it. The Lua of
-- `guard/compiled/object_valued_parameters.py`.
local function sends_unread(x, req, unread)
  for place in pairs(unread) do
    if find(place, "^path ") then return true end
  end
  for piece in string.gmatch(x.asked_query or "", "[^&]+") do
    local name = route.halves(piece)
    if name and (unread["query " .. name] or unread["query " .. match(name, "^[^%[]*")]) then return true end
  end
  for i = 1, #req.headers do
    local name, value = lower(req.headers[i][1]), req.headers[i][2]
    if unread["header " .. name] then return true end
    for pair in string.gmatch(name == "cookie" and value or "", "[^;]+") do
      if unread["cookie " .. trim.spaces(match(pair, "^([^=]*)=") or "")] then return true end
    end
  end
  return false
end

function Guard:body(x, req, endpoint, object)
  if next(endpoint.unread) and sends_unread(x, req, endpoint.unread) then return 422, "body" end
  local status, reason = self:judged(x, req, endpoint, object)
  if status or not endpoint.write or not endpoint.plain then return status, reason end
  return named_alone(self, x, endpoint, object)
end

-- Every text and integer in a decoded body: any may be the id of somebody.
local function scalars(value, into)
  local id = json.text(value)
  if id then
    into[id] = true
  elseif json.is_array(value) then
    for i = 1, value.n do scalars(value[i], into) end
  elseif json.is_object(value) then
    for _, each in pairs(value) do scalars(each, into) end
  end
end

-- The ids that a write may be about, and the credentials it was sent with: a list.
function Guard:stale(x, object)
  local ids, list, texts = {}, {}, { x.written or "", x.query or "" }
  if x.said then scalars(json.decode(x.said), ids) end
  -- What a query of GraphQL shows is judged by what it says.
  if not x.endpoint.graphql and not x.endpoint.asked then x.said = nil end
  if not x.endpoint.asked then x.written = nil end
  for i = 1, object.owners.n do ids[object.owners[i]] = true end
  for i = 1, #x.who.list do ids[x.who.list[i]] = true end
  for _, value in pairs(x.params) do ids[value], texts[#texts + 1] = true, value end
  for _, each in ipairs(x.conditions.headers) do texts[#texts + 1] = each[2] end
  -- A standard header is no condition.
  for _, each in ipairs(x.headers) do
    if x.endpoint.headers[lower(each[1])] then texts[#texts + 1] = each[2] end
  end
  for _, each in ipairs(x.conditions.cookies) do texts[#texts + 1] = each[2] end
  local named = mentions.of(texts) or { mentions.EVERYBODY }
  for i = 1, #named do ids[named[i]] = true end
  for id in pairs(ids) do list[#list + 1] = id end
  for i = 1, #x.endpoint.ends do list[#list + 1] = x.endpoint.ends[i] end
  list[#list + 1] = self.who:mark_of(x.who)
  return list
end

-- ---------------------------------------------------------------- out

function Guard:sent(x, out)
  if x.asked_method == "HEAD" and out.body and out.body ~= "" then
    out = { status = out.status, headers = out.headers, body = "", problem = out.problem }
  end
  x.status, x.bytes_out = out.status, out.body and #out.body or 0
  return out
end

-- What the document declares for an answer of this status and media type, or nil; remembered for
-- the texts that the API really sends.
local function declared_answer(endpoint, status, content_type)
  local chosen = endpoint.chosen[status]
  local found = chosen and chosen[content_type]
  if found ~= nil then return found end
  local said = media.read(content_type)
  local kind = said and said.type or ""
  local readable = said and (said.utf8 or said.charset == "us-ascii")
  local code = tostring(status)
  local range = sub(code, 1, 1)
  local at = endpoint.answers[code] and code or endpoint.answers[range .. "XX"] and range .. "XX"
    or endpoint.answers[range .. "xx"] and range .. "xx" or "default"
  found = endpoint.answers[at] and said and media.choose(endpoint.kinds[at], said) or false
  if found and not (readable and (found.kind == "json" and media.is_json(kind)
    or found.kind == "csv" and kind == "text/csv" or found.kind == events.KINDS[kind])) then
    found = false
  end
  if endpoint.choices < 256 then
    chosen = chosen or {}
    chosen[content_type] = found
    endpoint.chosen[status], endpoint.choices = chosen, endpoint.choices + 1
  end
  return found
end

-- What a request says, by which equal answers to different ones are told apart.
local function asked_for(x)
  local said = { x.target, x.body or x.text or "" }
  for i = 1, #x.headers do
    local name = lower(x.headers[i][1])
    if x.endpoint.headers[name] then said[#said + 1] = x.headers[i][2] end
  end
  return table.concat(said, "\0") .. "\0"
end

-- Owners but for the caller, in an order that is the same everywhere. Of an object that says neither
-- owner nor key it is a hash of what is shown of it in answer to this request.
local function owners_besides(x, owners, bearer)
  local list, asked = {}, nil
  for owner in pairs(owners) do
    if sub(owner, 1, 2) == "\0\0" then
      asked = asked or hash.sha256_hex(asked_for(x)) -- once: it may be long, and there may be many objects
      owner = "\0\0" .. hash.sha256_hex(asked .. owner)
    end
    if not bearer.ids[owner] then list[#list + 1] = owner end
  end
  sort(list)
  return list
end

-- Counts whose objects an answer shows; a refusal and seconds to wait when they are too many.
function Guard:look(x, shown, own)
  if next(shown) == nil then return nil end
  local bearer, limits = x.who, self.plan.limits
  local name = bearer.anonymous and "@" .. address.of(x) or bearer.name
  for i = 1, #limits do
    local limit = limits[i]
    local owners = limit.kind == "distinct" and shown[limit.name]
    local list = owners and owners_besides(x, owners, own)
    if list and #list > 0 then
      local allowed, wait =
        self.shared:distinct_all(limit.place, name, list, limit.most, limit.per, self.host.time())
      if not allowed then return wait end
    end
  end
end

local cutters = { json = project.body, csv = csv.body }

-- What a request asks GraphQL for, decoded: its body, or the query of its URL.
local function asked_of(x)
  return x.said and json.decode(x.said) or graphql_arguments.by_url(x.query or "")
end

-- What a form says whose members were only declared and not judged, as JSON.
local function form_said(x)
  local said = x.written and x.content_type and not x.content_type_twice and media.read(x.content_type)
  local form = said and (said.type == FORM and x.endpoint.form or said.type == PARTS and x.endpoint.parts)
  return form and forms.as_json(form, said.type, x.written, said.boundary) or nil
end

-- The keys of objects that a request names beside its path; nil: some that nobody knows. Of what is not
-- taken yet the body does not count.
local function told_of(x)
  local endpoint = x.endpoint
  if not x.taken then
    return stored_object.keys(endpoint.asked, { query = x.query or nil, params = x.params, headers = x.headers })
  end
  local text = x.said or x.acts and form_said(x) or nil
  local value = text and json.decode(text)
  if text or x.bytes_in == 0 or not stored_object.may_name(endpoint.asked, carried(x)) then
    local said = endpoint.graphql and graphql_arguments.values(value or graphql_arguments.by_url(x.query or ""))
    return stored_object.keys(endpoint.asked, carried(x, value, said))
  end
end

-- The concealed objects that a request names, by its path and beside it, each with the parameters that
-- name it. What stands in a query for a key and is none names one that nobody knows.
local function named(x)
  if x.named then return x.named end
  local endpoint, list = x.endpoint, {}
  if endpoint.hidden then list[1] = { of = endpoint.hidden, params = x.params } end
  for i = 1, endpoint.others.n do list[#list + 1] = { of = endpoint.others[i], params = x.params } end
  if endpoint.asked then
    local keys = told_of(x)
    for _, of in pairs(keys and NONE or endpoint.named) do list[#list + 1] = { of = of, params = x.params } end
    for i = 1, keys and #keys or 0 do
      local params = { ["?"] = keys[i].key }
      for name, value in pairs(x.params) do params[name] = value end
      list[#list + 1] = { of = endpoint.named[keys[i].name], params = params }
    end
  end
  x.named = list
  return list
end

-- Takes a note of an error in the answer of a read, which may tell of more objects that the request names.
-- `out`: what passes of it.
local function failing(x, out)
  if x.erring or x.acts or not x.endpoint or not x.endpoint.graphql then return end
  local failed = x.upstream and x.upstream >= 400
  if not failed and out and (find(out, '"errors"', 1, true) or find(out, "\\u", 1, true)) then
    local value = json.decode(out)
    local errors = json.is_object(value) and value.errors
    failed = json.is_array(errors) and errors.n > 0 or json.is_object(errors) and next(errors) ~= nil
  end
  if failed then x.erring, x.named, x.sees = true, nil, nil end
end

-- The id of an object's owner, where a parameter holds it.
local function whose(each)
  return each.of.whose ~= "" and each.params[each.of.whose] or nil
end

-- Whether the caller is shown something of a concealed object that the request names, as far as can be
-- told without asking anybody.
local function plainly(self, x, each)
  local owner = whose(each)
  if owner and x.who.ids[owner] then return true end
  for i = 1, each.of.resources.n do
    if not decide.of_any(self.plan, each.of.resources[i], x.who.know) then return false end
  end
  return true
end

-- Whether an engine that has to answer by itself, and can ask nobody, must say *absent*; and the origin
-- whose pages may read that, if there is one.
function Guard:blind(x)
  local endpoint = x.endpoint
  if not endpoint or not x.who or x.preflight or x.raw or self.observe then return false end
  for _, each in ipairs(named(x)) do
    if not plainly(self, x, each) then
      return true, x.origin and self.origins[x.origin] and x.origin or nil
    end
  end
  return false
end

-- Whether what the caller is to the owner whom a parameter names shows them something, however it is set
-- there.
local function related(self, x, each)
  local asking, owner, found = self.asking, whose(each), nil
  if not owner then return false end
  repeat
    asking:begin(x)
    found = true
    for i = 1, each.of.resources.n do
      found = decide.of_owner(self.plan, each.of.resources[i], x.who.know, owner) and found
    end
  until found or not asking:inquire(x)
  return found
end

-- Whether the caller is certainly shown something of a concealed object that the request names. A reader
-- of it that fails tells nothing, so what is known without one comes first.
local function sees(self, x, each)
  local endpoint, asking, of = x.endpoint, self.asking, each.of
  if each.shown or plainly(self, x, each) then return true end
  if related(self, x, each) then return true end
  local reader = of.reader and self.plan.endpoints[of.reader]
  if not reader or reader == endpoint then return false end
  local params = stored_object.renamed(each.params, of.renamed)
  local path = stored_object.path_of(reader, params)
  local seconds = path and asking:spend(x)
  if not seconds then return false end
  -- What a service is shown is not the caller's for that.
  local service = asking.service
  for i = 1, of.resources.n do
    if of.resources[i].owner == "caller" then service = nil end
  end
  local question = asking:question(x, path, "", service, reader.selects)
  if not question then return false end
  question.timeout = seconds
  local answer, value = asking:ask(x, question)
  if value == nil or not stored_object.is_asked(of, each.params[of.key], value) then return false end
  local declared = declared_answer(reader, 200, answer.headers["content-type"] or "")
  if not declared or declared.kind ~= "json" then return false end
  local seen, out
  repeat
    asking:begin(x)
    if not decide.may_call(self.plan, reader.index, x.who.know, params) then return false end
    seen = { removed = {} }
    out = project.body(self.plan, declared.node, x.who.know, reader.index, params, 200, answer.body, seen)
  until not asking:inquire(x)
  return out ~= nil and seen.shown and stored_object.remains(of, out) or false
end

local function all_seen(self, x, list)
  if #list > self.plan.guard.lookups then return false end
  for i = 1, #list do
    if not sees(self, x, list[i]) then return false end
  end
  return true
end

-- Whether the caller of a write is shown something of each object before the innermost in the path, as a read has
-- it; not asked where they may write whatever the object is.
function Guard:reaches(x)
  local endpoint, above = x.endpoint, {}
  for i = 1, endpoint.others.n do
    if endpoint.others[i].above then above[#above + 1] = { of = endpoint.others[i], params = x.params } end
  end
  if #above == 0 or decide.may_write(self.plan, endpoint.index, x.who.know, x.params, NOBODYS) then return true end
  return all_seen(self, x, above)
end

-- Finds out which of its objects a mutation may be told of: those that it deletes nobody is shown any more.
function Guard:before(x)
  local list = named(x)
  for i = 1, #list <= self.plan.guard.lookups and #list or 0 do list[i].shown = sees(self, x, list[i]) end
end

-- Whether the caller may know that all objects which the request names exist.
function Guard:visible(x)
  if x.sees == nil then x.sees, x.seen_at = all_seen(self, x, named(x)), self.now() end
  return x.sees
end

-- Whether the caller may be told what a mutation did: all that it names is shown to them, as far as a GET shows
-- one. That it did anything tells that the object is there, whatever object it returns.
local function told_of_mutation(self, x, list)
  local known = {}
  for i = 1, #list do
    if list[i].of.reader then known[#known + 1] = list[i] end
  end
  if not all_seen(self, x, known) then return false end
  for i = 1, #known do known[i].shown = true end
  return true
end

-- What stays of the answer to a read, and what is to be said of that: nothing below an object in the path that
-- is hidden, and nothing of the answer to a mutation that named one. What has no owner of its own is judged by
-- the objects that the request names, which are looked at only where that matters, and in an event by the
-- objects beside it; `apart` cuts it.
local function left(self, x, out, seen, apart)
  local endpoint, list, others, outer, lost = x.endpoint, named(x), {}, {}, {}
  for i = 1, #list do
    if list[i].of.reader ~= endpoint.index then
      others[#others + 1] = list[i]
      if list[i].of.above or list[i].of.around then outer[#outer + 1] = list[i] end
    elseif out and seen.shown and not x.acts and not stored_object.remains(list[i].of, out) then
      lost[#lost + 1] = list[i]
    end
  end
  local lacks = #lost > 0 and not all_seen(self, x, lost)
  if lacks or out and x.mutates and seen.shown and not told_of_mutation(self, x, list) then
    x.sees, x.seen_at = false, self.now()
    return nil, { removed = {}, owners = {}, event = seen.event }
  end
  -- Of an answer without an object `tells` decides; an event is an answer of its own.
  local hangs = #others > 0 and (seen.shown or seen.event)
  if x.acts or not out or not (hangs or seen.lost) then return out, seen end
  if #outer > 0 and seen.shown and not all_seen(self, x, outer) then
    x.sees, x.seen_at = false, self.now()
    return nil, { removed = {}, owners = {}, event = seen.event }
  end
  local without = { removed = {}, owners = {}, apart = true, event = seen.event }
  local rest = apart(without)
  if rest == out then return out, seen end
  if seen.lost then return rest, without end
  local known = #others == #list
  if known and self:visible(x) or not known and all_seen(self, x, others) then return out, seen end
  return rest, without
end

-- Whether an answer without an object would tell that a concealed one is there.
local function tells(self, x, reason)
  local endpoint, status = x.endpoint, x.upstream
  failing(x)
  if not endpoint or not x.who or x.preflight or x.shown then return false end
  local same = endpoint.conceals and (status == 403 or status == 404)
  if (x.acts and status and status >= 200 and status < 300) or same or reason == "budget" then return false end
  return #named(x) > 0 and not self:visible(x)
end

-- The body cut down, or nil, a status, a reason and seconds to wait.
function Guard:cut(x, endpoint, status, declared, cutter, text, sent)
  local failed = status >= 400 and status or 502
  local node = status < 300 and declared.node or declared.error
  local asking, out, why, seen = self.asking, nil, nil, nil
  local chosen = endpoint.graphql and graphql_arguments.fields(asked_of(x)) or x.chooses and NONE
  local new = sent and who.logged_in(endpoint.login, status, sent, text)
  repeat
    asking:begin(x)
    seen = { removed = {}, owners = {}, event = type(x.stream) == "table", chosen = chosen }
    out, why =
      cutter(self.plan, node, new or x.who.know, endpoint.index, x.params, status, text, seen)
    if why == "unreadable" then return nil, failed, "unreadable" end
  until new or not asking:inquire(x)
  if not new and (status < 300 or x.mutates) then
    failing(x, out)
    out, seen = left(self, x, out, seen, function(without)
      return (cutter(self.plan, node, x.who.know, endpoint.index, x.params, status, text, without))
    end)
  end
  x.removed, x.shown = seen.removed, out and seen.shown or false
  if not out and why == "nothing" and declared.kind == "json" and project.misfits(node, text) then
    return nil, failed, "undeclared"
  end
  local nullable = status < 300 and declared.null
  if not out and nullable and text ~= "null" then
    -- A hidden object is answered as none is.
    local removed = x.removed
    local body, failure, reason, seconds = self:cut(x, endpoint, status, declared, cutter, "null", sent)
    x.removed = removed
    return body, failure, reason, seconds
  end
  if not out then return nil, status >= 400 and status or absent(endpoint), "nothing" end
  if nullable and find(out, "^[ \t\r\n]*null[ \t\r\n]*$") then out = "null" end
  local wait = self.counts and self:look(x, seen.owners, new or x.who)
  if wait then return nil, 429, "budget", wait end
  return out
end

-- A write that was done is not said to have failed, whatever became of its answer.
local function done(self, res)
  local list, kept = self.headers:unnamed(self.headers:answered(res.headers, true)), {}
  for i = 1, #list do
    if list[i][1] ~= "content-type" then kept[#kept + 1] = list[i] end
  end
  return { status = res.status, headers = kept, body = "" }
end

-- An answer of the API to an endpoint, or a status, a reason and seconds to wait.
local function answered(self, x, res)
  local endpoint, status = x.endpoint, res.status
  if x.preflight then return told_ahead(self, res) end
  if status < 200 or status > 599 then return nil, 502, "undeclared" end -- none of HTTP's (RFC 9110, 15)
  if endpoint.conceals and (status == 403 or status == 404) then return self:refusal(x, 404) end
  local private = #endpoint.login > 0 or not endpoint.public or x.carrying
  local list, content_type, encoding = self.headers:answered(res.headers, private)
  local out = { status = status, headers = self.headers:unnamed(list), body = "" }
  if status == 204 or status == 205 or (status >= 300 and status < 400) then return out end
  if not media.plain(encoding) then return nil, 502, "encoding" end
  local declared = content_type and declared_answer(endpoint, status, content_type)
  if res.stream then
    if status >= 300 or not declared or declared.kind ~= res.stream then
      return nil, status >= 400 and status or 502, "undeclared"
    end
    x.stream = declared
    return out
  end
  local text = res.body or ""
  if res.truncated then return nil, 502, "truncated" end
  if #text > self.max_body then return nil, 502, "too-long" end
  if text == "" then return out end
  local cutter = declared and cutters[declared.kind]
  if not cutter then return nil, status >= 400 and status or 502, "undeclared" end
  local body, failed, reason, wait = self:cut(x, endpoint, status, declared, cutter, text, res.headers)
  if not body then return nil, failed, reason, wait end
  out.body = body
  -- The name of a file, by being there, would tell that no object was removed.
  local removed = body ~= text or body == "null"
  if not removed and not (status < 300 and declared.hides) then out.headers = list end
  return out
end

-- What the audit says of an answer that is not told, where something was wrong with the answer itself.
local CAUSES = {
  encoding = true, error = true, ["too-long"] = true, truncated = true, undeclared = true,
  unreadable = true,
}

-- Whether the answer is *absent* instead; then the audit says why.
local function hidden(self, x, reason)
  if self.observe or not tells(self, x, reason) then return false end
  x.denied = CAUSES[reason] and reason or "concealed"
  return true
end

-- May yield. What goes out of an answer of the API; `res.own` says that the engine made it itself, and
-- `res.unsent` that the API was not even asked, which is so whatever the request was about.
function Guard:leave(x, res)
  x.deadline = nil -- a response has a budget of its own
  over(self, x, not res.own and not res.truncated)
  if res.own then
    x.now, x.denied = self.now(), "error"
    local absent = not x.raw and not res.unsent and hidden(self, x, "error")
    return self:sent(x, absent and self:refusal(x, 404) or res)
  end
  x.upstream = res.status
  -- What asks for a WebSocket and gets none gets nothing that nobody has read.
  if x.switch and res.status ~= 101 and not self.observe then
    x.denied = "undeclared"
    return self:sent(x, self:refusal(x, 502))
  end
  if x.raw or (self.observe and x.denied) then
    x.status, x.bytes_out = res.status, res.body and #res.body or nil
    return res
  end
  x.now = self.now()
  local out, status, reason, wait = answered(self, x, res)
  if not out then
    x.denied = reason
    out = x.endpoint and x.endpoint.write and res.status >= 200 and res.status < 300 and status ~= 429
      and done(self, res) or self:refusal(x, status, wait)
  end
  if hidden(self, x, reason) then out = self:refusal(x, 404) end
  if self.observe then
    x.status, x.bytes_out = res.status, res.body and #res.body or nil
    return res
  end
  return self:sent(x, out)
end

-- What goes out when `leave` has failed and an engine would have to say 502: *absent*, or nil.
function Guard:failed(x)
  if not self:blind(x) then return nil end
  x.denied = "error"
  return self:sent(x, self:refusal(x, 404))
end

local function added(before, more)
  for label, count in pairs(before or NONE) do more[label] = (more[label] or 0) + count end
  return more
end

-- Whether who began to listen may still: nothing is believed of them longer than at a new request.
local function listening(self, x)
  x.now, x.known, x.deadline = self.now(), false, nil
  local bearer = self.who:find(x, x.request)
  if not bearer or bearer.name ~= x.who.name then return false, "who" end
  x.who = bearer
  if not self:may(x, decide.may_call) then return false, "call" end
  return true
end

-- May yield. One event of an answer that does not end, cut down; nil when it may not be seen.
-- `x.over` says that none may be any more.
function Guard:event(x, text)
  if x.over or type(x.stream) ~= "table" then return nil end
  local may, why = true, nil
  if not self.observe then may, why = listening(self, x) end
  if not may then
    x.over, x.denied = true, why
    return nil
  end
  -- That an object is shown is believed no longer than any look-up.
  if x.sees ~= nil and self.now() - x.seen_at >= self.plan.guard.ttl then x.sees = nil end
  local before = x.removed
  x.removed, x.deadline = false, nil -- and so has each event
  local out, _, reason = self:cut(x, x.endpoint, x.upstream, x.stream, project.body, text)
  x.removed = added(before, x.removed or {})
  if reason == "budget" then x.over = true end
  if reason and reason ~= "nothing" then x.denied = reason end
  return out
end

-- The line of a request in the audit log.
function Guard:audit(x)
  return audit.line(x, self.plan.contract, self.host.time(), self.who:audited(x.who))
end

return M
