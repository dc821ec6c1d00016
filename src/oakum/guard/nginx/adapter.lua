-- The runtime inside nginx. A request is one coroutine from its first header to its last byte: its
-- answer is read whole with a client of our own, judged, and printed once. So no byte of the API's
-- can go out before the runtime has said so, whatever fails: an error leaves nothing to send.

local ngx = ngx
local ffi = require "ffi"
local buffer = require "string.buffer"
local json = require "oakum.json"
local passage = require "oakum.passage"
local client = require "oakum.client"

local now, exec = ngx.now, ngx.exec
local get_headers, get_method, read_body, get_body_data =
  ngx.req.get_headers, ngx.req.get_method, ngx.req.read_body, ngx.req.get_body_data
local lower = string.lower
local settings = json.plain(SETTINGS)
local upstream = client.place(settings.upstream)

local MOST_HEADERS = 100

-- ---------------------------------------------------------------- replies of our own

local function own(status)
  local headers = {}
  for i, pair in ipairs(settings.problem_headers) do headers[i] = pair end
  if status == 429 or status == 503 then
    headers[#headers + 1] = { "retry-after", settings.retry_after }
  end
  local body = settings.problems[tostring(status)]
  -- Not the API's, so there is nothing of the API's to audit.
  return { status = status, headers = headers, body = body, own = true }
end

local FAILURES = { slow = 504 }

-- ---------------------------------------------------------------- the host port

local host = { now = now, time = now }

-- In lines of its own: nginx would add the request to it.
function host.log(level, text)
  io.stderr:write("oakum ", level, ": ", text, "\n")
end

function host.ask(q)
  local answer, why = client.call(upstream, q, settings.max_body)
  if not answer then return nil, why end
  local headers = {}
  for _, pair in ipairs(answer.headers) do headers[pair[1]] = pair[2] end
  answer.headers = headers
  return answer
end

-- ---------------------------------------------------------------- request

local function read()
  read_body()
  local text = get_body_data()
  if not text and ngx.req.get_body_file() then error "a body was written to a file" end
  return text or ""
end

-- The request as the runtime has it; nil when it has more headers than anybody needs.
local function request()
  local named, cut = get_headers(MOST_HEADERS)
  if cut then return nil end
  local list, n = {}, 0
  for name, value in pairs(named) do
    if type(value) == "table" then
      for i = 1, #value do
        n = n + 1
        list[n] = { name, value[i] }
      end
    else
      n = n + 1
      list[n] = { name, value }
    end
  end
  return {
    method = get_method(),
    target = ngx.var.request_uri,
    host = named.host or "",
    scheme = "http",
    address = ngx.var.remote_addr,
    headers = list,
    body = read,
    -- For this file: whether there is a body to forward, and the protocol that is asked for.
    bodied = named["content-length"] ~= nil or named["transfer-encoding"] ~= nil,
    upgrade = named.upgrade,
  }
end

-- Ours to write, by the message's own framing.
local FRAMING = { host = true, ["content-length"] = true, ["transfer-encoding"] = true,
  connection = true, upgrade = true }

-- Headers towards the API: those that came, less what `x` removes and replaces, and what it sets.
local function onward(req, x)
  local dropped, list, n = {}, {}, 0
  for _, name in ipairs(x.remove) do dropped[name] = true end
  for _, pair in ipairs(x.set) do
    dropped[pair[1]] = true
    if not FRAMING[pair[1]] then
      n = n + 1
      list[n] = pair
    end
  end
  local headers = req.headers
  for i = 1, #headers do
    local pair = headers[i]
    local name = pair[1]
    if not dropped[name] and not FRAMING[name] then
      n = n + 1
      list[n] = pair
    end
  end
  return list
end

-- ---------------------------------------------------------------- answer

local function send(out)
  ngx.status = out.status
  local header = ngx.header
  header.server = "" -- nobody's business
  local headers, many = out.headers, nil
  for i = 1, #headers do
    local name, value = headers[i][1], headers[i][2]
    if name == "set-cookie" or name == "www-authenticate" or name == "vary" then
      many = many or {}
      local list = many[name] or {}
      list[#list + 1], many[name] = value, list
    else
      header[name] = value
    end
  end
  if many then
    for name, values in pairs(many) do header[name] = values end
  end
  local body = out.body
  if body then
    header["content-length"] = #body
    ngx.print(body)
  elseif out.status ~= 204 and out.status ~= 304 and get_method() ~= "HEAD" then
    header["content-length"] = 0
  end
end

local guard = passage.new(PLAN, host, {
  service = settings.service_env and os.getenv(settings.service_env),
  audit_key = settings.audit_key_env and os.getenv(settings.audit_key_env),
  observe = settings.observe,
  state = settings.state,
  redis = settings.redis,
})

-- Requests that pass unread, by number, between their way in and their line in the audit.
local passing, count = {}, 0
local head = buffer.new()

-- Where nginx itself takes over.
local function pass(req, x)
  head:reset():put(upstream.authority)
  local headers = onward(req, x)
  for i = 1, #headers do head:put("\r\n", headers[i][1], ": ", headers[i][2]) end
  if not client.sound { method = x.method, target = x.target, headers = headers } then
    error "a request that no server may see"
  end
  count = count + 1
  passing[count] = x
  local var = ngx.var
  var.oakum_head, var.oakum_target, var.oakum_number = head:get(), x.target, count
  local upgrade = req.upgrade
  if type(upgrade) == "string" and lower(upgrade) == "websocket" then return "@websocket" end
  return "@raw"
end

local function serve()
  local req = request()
  if not req then return send(own(431)) end
  local x = guard:enter(req)
  if x.deny then
    ngx.var.oakum_audit = guard:audit(x)
    return send(x.deny)
  end
  if x.raw then return pass(req, x) end
  local res, why = client.call(upstream, {
    method = x.method,
    target = x.target,
    headers = onward(req, x),
    body = x.body or req.bodied and read() or nil,
    timeout = settings.timeout,
  }, settings.max_body)
  local out = guard:leave(x, res or own(FAILURES[why] or 502))
  ngx.var.oakum_audit = guard:audit(x)
  return send(out)
end

oakum = {}

function oakum.content()
  local fine, where = pcall(serve)
  if not fine then
    host.log("error", tostring(where))
    if ngx.headers_sent then return ngx.exit(ngx.ERROR) end
    return send(own(502))
  end
  if where then return exec(where) end
end

-- In the log phase of what passed unread.
function oakum.passed()
  local number = tonumber(ngx.var.oakum_number)
  local x = passing[number]
  passing[number] = nil
  local fine, line = pcall(function()
    guard:leave(x, { status = ngx.status, headers = {}, own = ngx.var.upstream_status == nil })
    return guard:audit(x)
  end)
  if fine then ngx.var.oakum_audit = line else host.log("error", tostring(line)) end
end

-- Named apart from any other module's declaration.
ffi.cdef "int oakum_prctl(int, unsigned long) __asm__(\"prctl\");"
local PDEATHSIG, SIGKILL = 1, 9

-- A worker whose master was killed would go on by an old contract, and hold the port.
function oakum.worker()
  ffi.C.oakum_prctl(PDEATHSIG, SIGKILL)
end
