-- The runtime inside Envoy. Two laws of this engine shape the file:
-- an uncaught error in a response would let the API's own body pass, so everything runs in a pcall,
-- and the sentinel in front answers for what never came back from here;
-- an object that was got from the handle before a wait is dead after it, so none is kept.

local ffi = require "ffi"
local json = require "oakum.json"
local passage = require "oakum.passage"

local SPACE = "oakum" -- of dynamic metadata; the sentinel, the gate and the access log read it
local MARK = "proxy-connection" -- where the router writes `via_upstream` or why a reply is Envoy's own
local JWT = "envoy.filters.http.jwt_authn"

local getenv, running = os.getenv, coroutine.running
local byte, find, gsub, lower, match =
  string.byte, string.find, string.gsub, string.lower, string.match
local COLON = byte ":" -- of the names of pseudo headers

-- A name of its own, so that no other module's declaration of the function can disagree.
ffi.cdef "int oakum_envoy_clock(int, int64_t *) __asm__(\"clock_gettime\");"
local REALTIME, MONOTONIC = 0, 1
local moment = ffi.new "int64_t[2]"

local function clock(which)
  ffi.C.oakum_envoy_clock(which, moment)
  return tonumber(moment[0]) + tonumber(moment[1]) / 1e9
end

-- ---------------------------------------------------------------- requests under way

-- Handle of each coroutine that is inside the runtime: the host port has no other way to know.
local handles = setmetatable({}, { __mode = "k" })

-- Requests between their two halves, by number. One whose client went away never sees its second
-- half, so two generations are kept and the older is dropped whole: no answer takes that long.
local young, old, count, turned = {}, {}, 0, clock(MONOTONIC)

local function keep(x)
  local now = clock(MONOTONIC)
  if now - turned > SETTINGS.lifetime then young, old, turned = {}, young, now end
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

function host.now() return clock(MONOTONIC) end

function host.time() return clock(REALTIME) end

function host.log(level, text)
  local handle = handles[running()]
  if not handle then return end
  if level == "error" then handle:logErr(text) else handle:logWarn(text) end
end

function host.ask(q)
  local handle = handles[running()]
  local wanted = { [":method"] = q.method, [":path"] = q.target, [":authority"] = SETTINGS.authority }
  for _, pair in ipairs(q.headers) do wanted[pair[1]] = pair[2] end
  local headers, body = handle:httpCall("upstream", wanted, q.body or "", {
    timeout_ms = math.max(1, math.floor(q.timeout * 1000)),
    send_xff = false,
  })
  if not headers then return nil, "unreachable" end
  local answer = { status = tonumber(headers[":status"]), headers = {}, body = body or "" }
  for name, value in pairs(headers) do
    if byte(name) ~= COLON then answer.headers[lower(name)] = value end
  end
  if #answer.body > SETTINGS.max_body then return nil, "too long" end
  return answer
end

local function base64url(text)
  if find(text, "[^%w_-]") then return nil end
  local bits, size, out = 0, 0, {}
  for i = 1, #text do
    local c = text:byte(i)
    local value = c >= 97 and c - 71 or c >= 65 and c ~= 95 and c - 65 or c == 95 and 63
      or c == 45 and 62 or c + 4
    bits, size = bits * 64 + value, size + 6
    if size >= 8 then
      size = size - 8
      local unit = 2 ^ size
      local top = math.floor(bits / unit)
      out[#out + 1], bits = string.char(top), bits - top * unit
    end
  end
  return table.concat(out)
end

-- Envoy has verified the token; its claims are read from the token's own text, since metadata
-- would make a double of each number. What Envoy takes with some leeway (exp, nbf) is exact here.
function host.token()
  local handle = handles[running()]
  local sent = handle:headers():get("authorization")
  local token = sent and match(sent, "^[Bb][Ee][Aa][Rr][Ee][Rr] +(.*)$")
  if not token then return nil end
  local verified = metadata(handle):get(JWT)
  local head = verified and verified.head
  if not head or not verified.payload or not SETTINGS.algorithms[head.alg] then return false end
  local text = base64url(match(token, "^[^.]*%.([^.]*)%.[^.]*$") or ".")
  local claims = text and json.decode(text)
  local plain = verified.payload
  if type(claims) ~= "table" or type(plain.exp) ~= "number" then return false end
  local now = clock(REALTIME)
  if plain.exp <= now or plain.nbf and (type(plain.nbf) ~= "number" or plain.nbf > now) then
    return false
  end
  return claims
end

-- ---------------------------------------------------------------- request and response as tables

local function listed(headers)
  local list, n = {}, 0
  for name, value in pairs(headers) do
    if byte(name) ~= COLON and name ~= MARK then
      n = n + 1
      list[n] = { name, value }
    end
  end
  return list
end

local function text_of(body)
  return body and body:getBytes(0, body:length()) or ""
end

local function request(handle)
  local headers = handle:headers()
  local info = handle:streamInfo()
  return {
    method = headers:get(":method"),
    target = headers:get(":path") or "",
    host = headers:get(":authority") or "",
    scheme = headers:get(":scheme") or "http",
    address = gsub(gsub(info:downstreamRemoteAddress(), ":%d+$", ""), "[%[%]]", ""),
    headers = listed(headers),
    -- Longer bodies than the plan allows end in Envoy, which answers 413 by itself.
    body = function() return text_of(handle:body()) end,
  }
end

local function forward(handle, x)
  if x.body then handle:body(true):setBytes(x.body) end
  local headers = handle:headers()
  for _, name in ipairs(x.remove) do headers:remove(name) end
  for _, pair in ipairs(x.set) do headers:replace(pair[1], pair[2]) end
  headers:replace(":method", x.method)
  headers:replace(":path", x.target)
end

local function refuse(handle, deny)
  local headers = { [":status"] = tostring(deny.status) }
  for _, pair in ipairs(deny.headers) do headers[pair[1]] = pair[2] end
  handle:respond(headers, deny.body or "")
end

-- A problem of the guard's own, as the runtime would have made it.
local function own(status)
  local headers = {}
  for name, value in pairs(PROBLEM_HEADERS) do headers[#headers + 1] = { name, value } end
  if status == 503 then headers[#headers + 1] = { "retry-after", RETRY_AFTER } end
  return { status = status, headers = headers, body = PROBLEMS[tostring(status)] }
end

-- The body goes first: from then on nothing of the API's is left that an error could let out.
local function send(handle, out)
  handle:body(true):setBytes(out.body or "")
  local headers = handle:headers()
  local names = {}
  for name in pairs(headers) do names[#names + 1] = name end
  for _, name in ipairs(names) do
    if byte(name) ~= COLON then headers:remove(name) end
  end
  headers:replace(":status", tostring(out.status))
  for _, pair in ipairs(out.headers) do headers:add(pair[1], pair[2]) end
  if out.body then headers:replace("content-length", tostring(#out.body)) end
end

-- ---------------------------------------------------------------- the two halves

local guard = passage.new(PLAN, host, {
  service = SETTINGS.service_env and getenv(SETTINGS.service_env),
  audit_key = SETTINGS.audit_key_env and getenv(SETTINGS.audit_key_env),
  observe = SETTINGS.observe,
  state = SETTINGS.state,
  redis = SETTINGS.redis,
})

local function enter(handle)
  local x = guard:enter(request(handle))
  if x.deny then
    local space = metadata(handle)
    space:set(SPACE, "line", guard:audit(x))
    space:set(SPACE, "done", true)
    return x
  end
  forward(handle, x)
  metadata(handle):set(SPACE, "x", keep(x))
  metadata(handle):set(SPACE, "entered", true)
  return x
end

function envoy_on_request(handle)
  handles[running()] = handle
  local fine, x = pcall(enter, handle)
  handles[running()] = nil
  if not fine then
    handle:logErr("request: " .. tostring(x))
    refuse(handle, own(502))
  elseif x.deny then
    refuse(handle, x.deny)
  end
end

local function leave(handle, x)
  local headers = handle:headers()
  local res
  if headers:get(MARK) == "via_upstream" then
    res = { status = tonumber(headers:get(":status")), headers = listed(headers) }
    if not x.raw then res.body = text_of(handle:body()) end
  else
    res = own(tonumber(headers:get(":status")))
    res.own = true -- not the API's, so there is nothing of the API's to audit
  end
  local out = guard:leave(x, res)
  if not x.raw then send(handle, out) end
  metadata(handle):set(SPACE, "line", guard:audit(x))
  metadata(handle):set(SPACE, "done", true)
end

function envoy_on_response(handle)
  local ours = metadata(handle):get(SPACE)
  local x = ours and ours.x and take(ours.x)
  if not x then return end -- refused on its way in, or never seen: the sentinel knows which
  handles[running()] = handle
  local fine, why = pcall(leave, handle, x)
  handles[running()] = nil
  if not fine then handle:logErr("response: " .. tostring(why)) end
end
