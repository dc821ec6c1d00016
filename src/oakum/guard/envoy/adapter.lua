-- The runtime inside Envoy. Two laws of this engine shape the file:
-- an uncaught error in a response would let the API's own body pass, so everything runs in a pcall,
-- and the sentinel in front answers for what never came back from here;
-- an object that was got from the handle before a wait is dead after it, so none is kept.

local ffi = require "ffi"
local cache = require "oakum.cache"
local json = require "oakum.json"
local jwt = require "oakum.jwt"
local enforcement = require "oakum.enforcement"

local settings = json.plain(SETTINGS)
-- Of dynamic metadata. `x`: the request was let in, and its number; the gate looks for it. `line`: the
-- audit of what was done; the sentinel and the access log look for it, so it is always set last.
-- `done`: the status of a write that was done, which Envoy says again where the answer is too long for it.
-- `blind`: what Envoy says by itself from here on must not tell that an object is there; `origin`: whose
-- pages may read it.
local SPACE = "oakum"
local MARK = "proxy-connection" -- where the router writes `via_upstream` or why a reply is Envoy's own
local JWT = "envoy.filters.http.jwt_authn"

local byte, find, gsub, lower = string.byte, string.find, string.gsub, string.lower
local floor, max = math.floor, math.max
local COLON = byte ":" -- of the names of pseudo headers
local FRAMING = { ["content-length"] = true, ["transfer-encoding"] = true } -- Envoy's to say

-- What no client may say of what is retried: some versions of Envoy take it from private addresses.
local RETRIES = { "x-envoy-retry-on", "x-envoy-retry-grpc-on", "x-envoy-max-retries", "x-envoy-retriable-header-names",
  "x-envoy-retriable-status-codes", "x-envoy-hedge-on-per-try-timeout", "x-envoy-upstream-rq-per-try-timeout-ms" }

local PROBLEM_HEADERS, PROBLEMS = settings.problem_headers, settings.problems

-- A name of its own, so that no other module's declaration of the function can disagree.
ffi.cdef "int oakum_envoy_clock(int, int64_t *) __asm__(\"clock_gettime\");"
local REALTIME, BOOTTIME = 0, 7
local moment = ffi.new "int64_t[2]"

local function clock(which)
  ffi.C.oakum_envoy_clock(which, moment)
  return tonumber(moment[0]) + tonumber(moment[1]) / 1e9
end

-- ---------------------------------------------------------------- requests under way

-- Whose code runs: the handle, and on the way in the request; the host port has no other way to know.
-- Others run while one waits, so whoever has waited says again who it is.
local HANDLE, REQUEST

-- Requests between their two halves, by number. One whose client went away never sees its second
-- half, so two generations are kept and the older is dropped whole: no answer takes that long.
local young, old, count, turned = {}, {}, 0, clock(BOOTTIME)

local function keep(x)
  local now = clock(BOOTTIME)
  if now - turned > settings.lifetime then young, old, turned = {}, young, now end
  count = count + 1
  young[count] = x
  return count
end

local function take(number)
  local x = young[number] or old[number]
  young[number], old[number] = nil, nil
  return x
end

local function metadata(handle)
  return handle:streamInfo():dynamicMetadata()
end

-- ---------------------------------------------------------------- the host port

local host = {}

function host.now() return clock(BOOTTIME) end

function host.time() return clock(REALTIME) end

function host.log(level, text)
  io.stderr:write("oakum ", level, ": ", text, "\n")
end

function host.ask(q)
  local handle, req = HANDLE, REQUEST
  if req then req.body() end -- a body that comes during a question could not be read any more
  local wanted = { [":method"] = q.method, [":path"] = q.target, [":authority"] = settings.authority }
  for _, pair in ipairs(q.headers) do
    local before = wanted[pair[1]]
    if type(before) == "table" then
      before[#before + 1] = pair[2]
    else
      wanted[pair[1]] = before and { before, pair[2] } or pair[2]
    end
  end
  local headers, body = handle:httpCall("questions", wanted, q.body, {
    timeout_ms = max(1, floor(q.timeout * 1000)),
    send_xff = false,
    return_duplicate_headers = true,
  })
  HANDLE, REQUEST = handle, req
  if not headers then return nil, "unreachable" end
  local answer = { status = tonumber(headers[":status"]), headers = {}, body = body or "" }
  for name, value in pairs(headers) do
    if type(value) == "table" then value = table.concat(value, ", ") end
    if byte(name) ~= COLON then answer.headers[lower(name)] = value end
  end
  if #answer.body > settings.max_body then return nil, "too long" end
  return answer
end

-- ---------------------------------------------------------------- tokens

-- Envoy has verified the signature of the token that the reader in front found (see reader.lua). The
-- runtime has read the request for itself: only when both are the same text does it name anybody. Its
-- claims are read from that text, since metadata would make a double of each number, and what Envoy
-- takes with some leeway (exp, nbf, aud) is judged exactly.
local verifier = settings.tokens and jwt.trusting(settings.tokens)

function host.token(token, req)
  if not verifier or req.verified ~= token then return false end
  return verifier:verify(token, clock(REALTIME)) or false
end

-- ---------------------------------------------------------------- request and response as tables

local function listed(headers)
  local list, n = {}, 0
  for name, value in pairs(headers) do
    if byte(name) ~= COLON and name ~= MARK and name ~= settings.token then
      n = n + 1
      list[n] = { name, value }
    end
  end
  return list
end

local function text_of(handle)
  local req = REQUEST
  local body = handle:body()
  HANDLE, REQUEST = handle, req
  return body and body:getBytes(0, body:length()) or ""
end

-- Of each request: Envoy shows no header of a chunked body. Longer bodies than the plan allows end in
-- Envoy, which answers 413 by itself.
local function read()
  local req = REQUEST
  req.text = req.text or text_of(HANDLE)
  return req.text
end

-- Without its port; that of a kept connection is the one of last time.
local addresses = cache.new(2 ^ 16)

local function address_of(peer)
  local found = addresses:get(peer)
  if not found then
    found = gsub(gsub(peer, ":%d+$", ""), "[%[%]]", "")
    addresses:put(peer, found)
  end
  return found
end

local function request(handle)
  local headers = handle:headers()
  local peer = handle:streamInfo():downstreamDirectRemoteAddress()
  REQUEST = {
    method = headers:get(":method"),
    target = headers:get(":path") or "",
    host = headers:get(":authority") or "",
    scheme = "http", -- TLS ends before the guard
    address = address_of(peer),
    headers = listed(headers),
    body = read,
    text = false,
    verified = false, -- the token whose signature Envoy has verified
  }
  -- All that is Envoy's to say is asked for here: the runtime runs best when nothing interrupts it.
  local token = verifier and headers:get(settings.token)
  local known = token and metadata(handle):get(JWT)
  if known and known.head then REQUEST.verified = token end
  return REQUEST
end

-- Lets Envoy send again what broke off, where the contract says that it is a read.
local function retrying(headers, x)
  for _, name in ipairs(RETRIES) do headers:remove(name) end
  local reads = x.method == "GET" or x.method == "HEAD"
  if reads and not x.once then headers:replace("x-envoy-retry-on", "reset") end
end

local function forward(handle, x)
  if x.body then handle:body(true):setBytes(x.body) end
  local headers = handle:headers()
  for _, name in ipairs(x.remove) do
    if not FRAMING[name] then headers:remove(name) end
  end
  -- Envoy shows the field for an upgrade that it would make.
  if not x.raw and headers:get "upgrade" then error "an upgrade that does not pass unread" end
  for _, pair in ipairs(x.set) do headers:replace(pair[1], pair[2]) end
  headers:replace(":method", x.method)
  headers:replace(":path", x.target)
  retrying(headers, x)
end

local function refuse(handle, deny)
  local headers = { [":status"] = tostring(deny.status) }
  for _, pair in ipairs(deny.headers) do headers[pair[1]] = pair[2] end
  handle:respond(headers, deny.body or "")
end

-- A problem of the guard's own, as the runtime would have made it.
local function own(status)
  local headers = {}
  for i, pair in ipairs(PROBLEM_HEADERS) do headers[i] = pair end
  if status == 503 then headers[#headers + 1] = { "retry-after", settings.retry_after } end
  local body = PROBLEMS[tostring(status)]
  return { status = status, headers = headers, body = body, problem = #body }
end

-- The body goes first: from then on nothing of the API's is left that an error could let out.
-- `came`: the headers that are there.
local function send(handle, came, out, head)
  handle:body(true):setBytes(out.body or "")
  local headers, list = handle:headers(), out.headers
  -- What goes out as it came is left where it is; a name goes or stays with all of its values. The media type goes
  -- to the end even then, as one that was made anew: the order would tell whether anything was removed from the body.
  local stays = {}
  for i = 1, #list do stays[list[i]] = true end
  for i = 1, #came do
    if stays[came[i]] and came[i][1] ~= "content-type" then
      stays[came[i]] = nil
    else
      headers:remove(came[i][1])
    end
  end
  headers:remove(MARK)
  headers:replace(":status", tostring(out.status))
  for i = 1, #list do
    if stays[list[i]] then headers:add(list[i][1], list[i][2]) end
  end
  -- A problem has its length for HEAD too: Envoy's own replies have it, and what is concealed may be one.
  local length = head and out.problem or not head and #(out.body or "")
  if not length or out.status == 204 or out.status == 304 then
    headers:remove "content-length" -- that of a body which nobody is sent would be told
  else
    headers:replace("content-length", tostring(length))
  end
end

-- ---------------------------------------------------------------- the two halves

local function secret(name)
  return name and os.getenv(name)
end

local audit_key = secret(settings.audit_key_env)
local guard = enforcement.new(PLAN, host, {
  service = secret(settings.service_env),
  service_env = settings.service_env,
  audit_key = audit_key,
  observe = settings.observe,
  denied = settings.denied,
  deny_key = settings.deny_key,
  timeout = settings.timeout,
  state = settings.state,
  redis = settings.redis
    and { url = "redis://" .. settings.redis, key = audit_key, log = host.log },
})
if guard.unfit then host.log("error", guard.unfit .. ": every request is answered 503") end

local function enter(handle)
  local x = guard:enter(request(handle))
  if x.deny then
    metadata(handle):set(SPACE, "line", guard:audit(x))
  else
    forward(handle, x)
    local blind, origin = guard:blind(x)
    if blind then metadata(handle):set(SPACE, "blind", "yes") end
    if origin then metadata(handle):set(SPACE, "origin", origin) end
    metadata(handle):set(SPACE, "x", keep(x))
  end
  return x
end

-- Why Envoy answers for the API, where it never sent the request: the same whatever it was about.
local function unsent(why)
  return find(why, "connection_failure", 1, true) ~= nil
    or find(why, "connection_timeout", 1, true) ~= nil
    or find(why, "overflow", 1, true) ~= nil or find(why, "no_healthy_upstream", 1, true) ~= nil
end

-- The answer without its body, and the headers that came.
local function answer(handle)
  local headers = handle:headers()
  local came, status = listed(headers), tonumber(headers:get ":status")
  local why = headers:get(MARK) or ""
  if why == "via_upstream" then return { status = status, headers = came }, came end
  -- Here it is not *absent* yet: that is for the runtime to say, who can ask what the caller is shown.
  local ours = metadata(handle):get(SPACE)
  if status == 404 and ours and ours.blind then status = find(why, "timeout", 1, true) and 504 or 502 end
  local res = own(status)
  res.own = true -- not the API's, so there is nothing of the API's to audit
  res.unsent = unsent(why)
  return res, came
end

local function leave(handle, x)
  local res, came = answer(handle)
  if x.endpoint and x.endpoint.write and not res.own and res.status >= 200 and res.status < 300 then
    metadata(handle):set(SPACE, "done", tostring(res.status))
  end
  if not x.raw then
    -- Also of a reply of Envoy's own: after a question its body could not be read any more.
    local text = text_of(handle)
    if not res.own then res.body = text end
  end
  local out = guard:leave(x, res)
  if not x.raw or (x.switch and res.status ~= 101) then send(handle, came, out, x.asked_method == "HEAD") end
  metadata(handle):set(SPACE, "line", guard:audit(x))
end

-- ---------------------------------------------------------------- only watching

-- Nothing is changed or refused, whatever the runtime says and however it fails.

local function see(handle)
  local req = request(handle)
  local length = tonumber(handle:headers():get "content-length" or 0)
  if length > settings.max_body then
    req.body = function() return nil, "too long" end
  end
  local x = guard:enter(req)
  retrying(handle:headers(), x)
  metadata(handle):set(SPACE, "x", keep(x))
end

-- Whether an answer may be held until it is judged: it ends, and it fits.
local function brief(headers)
  local length = headers:get "content-length"
  if length then return tonumber(length) <= settings.held end
  return find(headers:get "content-type" or "", "^application/[%w.+-]*json%f[^%w]") ~= nil
end

local function watch(handle, x)
  local res = answer(handle)
  if not x.raw and not res.own then
    res.truncated = not brief(handle:headers())
    res.body = res.truncated and "" or text_of(handle)
  end
  guard:leave(x, res)
  metadata(handle):set(SPACE, "line", guard:audit(x))
end

-- ---------------------------------------------------------------- what Envoy calls

local function safely(half, handle, x)
  HANDLE, REQUEST = handle, nil
  local fine, result = pcall(half, handle, x)
  if not fine then host.log("error", tostring(result)) end
  return fine, result
end

function envoy_on_request(handle)
  if settings.observe then return safely(see, handle) end
  local fine, x = safely(enter, handle)
  if not fine then
    refuse(handle, own(502))
  elseif x.deny then
    refuse(handle, x.deny)
  end
end

function envoy_on_response(handle)
  local ours = metadata(handle):get(SPACE)
  local x = ours and ours.x and take(ours.x)
  -- Without one it was refused on its way in, or never seen: the sentinel knows which.
  if x then safely(settings.observe and watch or leave, handle, x) end
end
