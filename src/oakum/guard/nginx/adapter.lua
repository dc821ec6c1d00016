-- The runtime inside nginx. A request is one coroutine from its first header to its last byte: its
-- answer is read whole with a client of our own, judged, and printed once. So no byte of the API's
-- can go out before the runtime has said so, whatever fails: an error leaves nothing to send.

local ngx = ngx
local ffi = require "ffi"
local buffer = require "string.buffer"
local client = require "oakum.client"
local events = require "oakum.events"
local json = require "oakum.json"
local enforcement = require "oakum.enforcement"
local reading = require "oakum.headers"
local places = require "oakum.places"

local now, exec = ngx.now, ngx.exec
local spawn, wait, kill = ngx.thread.spawn, ngx.thread.wait, ngx.thread.kill
local clear_header = ngx.req.clear_header
local get_headers, get_method, read_body, get_body_data, get_body_file =
  ngx.req.get_headers, ngx.req.get_method, ngx.req.read_body, ngx.req.get_body_data,
  ngx.req.get_body_file
local match, min = string.match, math.min
local settings = json.plain(SETTINGS)
local upstream = places.new(settings.upstream)

local HEADERS = 200 -- of a request; the runtime takes fewer, and more are refused unread
local AT_ONCE = 16 -- questions of one answer
local IDLE = 300 -- seconds between two pieces of an answer that does not end

-- ---------------------------------------------------------------- replies of our own

local function own(status)
  local headers = {}
  for i, pair in ipairs(settings.problem_headers) do headers[i] = pair end
  -- Not the API's, so there is nothing of the API's to audit.
  return {
    status = status, headers = headers, body = settings.problems[tostring(status)], own = true,
  }
end

local FAILURES = { slow = 504 }

local function failed(why)
  local made = own(FAILURES[why] or 502)
  made.unsent = why == "refused"
  return made
end

-- ---------------------------------------------------------------- the host port

-- Named apart from any other module's declaration.
ffi.cdef "int oakum_nginx_clock(int, int64_t *) __asm__(\"clock_gettime\");"
local BOOTTIME = 7
local moment = ffi.new "int64_t[2]"

local host = { time = now }

-- Seconds that nobody sets back, as what is known of callers ages by them.
function host.now()
  ffi.C.oakum_nginx_clock(BOOTTIME, moment)
  return tonumber(moment[0]) + tonumber(moment[1]) / 1e9
end

-- In lines of its own: nginx would add the request to it.
function host.log(level, text)
  io.stderr:write("oakum ", level, ": ", text, "\n")
end

function host.ask(q)
  local answer, why = client.call(upstream, q, settings.max_body)
  if not answer or answer.truncated then return nil, why or "too long" end
  local headers = {}
  for _, pair in ipairs(answer.headers) do
    local before = headers[pair[1]]
    headers[pair[1]] = before and before .. ", " .. pair[2] or pair[2]
  end
  answer.headers = headers
  return answer
end

-- Answers by the number of their question, false for none. All of them together take no more than so many
-- seconds.
function host.ask_all(questions, seconds)
  local answers, last, till = {}, 0, now() + seconds
  local function work()
    while last < #questions do
      last = last + 1
      local mine, left = last, till - now()
      local q = questions[mine]
      q.timeout = min(q.timeout, left)
      answers[mine] = left > 0 and host.ask(q) or false
    end
  end
  local threads = {}
  for i = 1, min(AT_ONCE, #questions) - 1 do threads[i] = spawn(work) end
  work()
  for i = 1, #threads do wait(threads[i]) end
  return answers
end

local tokens
if settings.verifies then
  local plan = json.decode(PLAN) -- with its numbers as they stand, unlike the runtime's own
  tokens = require("oakum.tokens").new(plan.guard.tokens, settings.keys)
end

function host.token(token)
  return tokens ~= nil and tokens:claims(token)
end

-- ---------------------------------------------------------------- request

-- nginx counts seconds between two pieces of a body; who sends it in drops has so many for all of it.
local function received()
  if settings.observe then return read_body() end
  local done = false
  local reading = spawn(function()
    read_body()
    done = true
  end)
  if done then return end
  local clock = spawn(function() ngx.sleep(settings.taken) end)
  wait(reading, clock)
  if not done then ngx.exit(408) end
  kill(clock)
end

local function read()
  received()
  local text = get_body_data()
  if text then return text end
  if get_body_file() then return nil, "too long" end
  return ""
end

-- nginx would answer these by itself, of the answer that it makes here: 412 or 304.
local CONDITIONS = { "if-match", "if-none-match", "if-modified-since", "if-unmodified-since" }

-- The request as the runtime has it, or nil when it has more than `most` headers (0: any number).
local function request(most)
  local named, cut = get_headers(most)
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
  for i = 1, #CONDITIONS do
    if named[CONDITIONS[i]] then clear_header(CONDITIONS[i]) end
  end
  local var = ngx.var
  return {
    method = get_method(),
    target = var.request_uri,
    -- nginx has taken the host out of a target that names one, and it counts (RFC 9112, 3.2.2).
    host = match(var.request, "^%S+ +%a+://([^/?# ]+)") or type(named.host) == "string" and named.host or "",
    scheme = "http", -- TLS ends before the guard
    address = var.remote_addr,
    headers = list,
    named = named,
    body = read,
    empty = not (named["content-length"] or named["transfer-encoding"]),
  }
end

local function joined(value)
  return type(value) == "table" and table.concat(value, ",") or value
end

local function upgrades(named)
  return reading.upgrades(joined(named.connection), joined(named.upgrade))
end

-- Ours to write, as the message is framed.
local FRAMING = {
  host = true, connection = true, upgrade = true, expect = true,
  ["keep-alive"] = true, ["content-length"] = true, ["transfer-encoding"] = true,
}

-- Headers towards the API: those that came, less what is removed and replaced, and what is set.
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
    if not dropped[pair[1]] and not FRAMING[pair[1]] then
      n = n + 1
      list[n] = pair
    end
  end
  return list
end

-- ---------------------------------------------------------------- answer

local function set_head(status, headers)
  ngx.status = status
  local header, several = ngx.header, nil
  header.server = "" -- nobody's business
  for i = 1, #headers do
    local name, value = headers[i][1], headers[i][2]
    local before = several and several[name]
    if before == nil then
      several = several or {}
      several[name] = value
      header[name] = value
    else
      if type(before) ~= "table" then before = { before } end
      before[#before + 1] = value
      several[name] = before
      header[name] = before
    end
  end
end

local function send(out)
  set_head(out.status, out.headers)
  -- No `content-length` without a body: it would tell the size of the body that the guard has judged.
  if out.status == 204 or out.status == 304 or get_method() == "HEAD" then return end
  local body = out.body or ""
  ngx.header["content-length"] = #body
  ngx.print(body)
end

local audit_key = settings.audit_key_env and os.getenv(settings.audit_key_env)
local guard = enforcement.new(PLAN, host, {
  service = settings.service_env and os.getenv(settings.service_env),
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

-- What nginx calls. There is one at a time, `oakum.now`; a request ends with the one it began with.
local made = {}

local head = buffer.new()

-- Where nginx itself takes over; `seen` is judged in the end, nil when there is nothing to judge.
local function pass(req, x, seen)
  local q = { method = x.method, target = x.target, headers = onward(req, x), derived = x.set }
  if not client.sound(q) then error "a request that no server may see" end
  head:reset():put(upstream.authority)
  for i = 1, #q.headers do head:put("\r\n", q.headers[i][1], ": ", q.headers[i][2]) end
  -- By number, between its way in and its line in the audit.
  local number = oakum.count + 1
  oakum.count = number
  oakum.passing[number] = seen and { x = seen, of = made } or nil
  local var = ngx.var
  var.oakum_head, var.oakum_target, var.oakum_number = head:get(), x.target, number
  return upgrades(req.named) and "@websocket" or "@raw"
end

local function kind_of(headers)
  local kind
  for i = 1, #headers do
    if headers[i][1] == "content-type" then
      if kind then return nil end -- two are none
      kind = events.KINDS[headers[i][2]:lower():match "^%s*([^;%s]*)"]
    end
  end
  return kind
end

local function cutting(x, kind)
  return events.new(kind, settings.max_body, function(data) return guard:event(x, data) end)
end

-- Only what is written shows whether anybody listens. It is written by the clock, and so tells nothing
-- of events that are withheld.
local BEAT = 5 -- seconds
local BEATS = { sse = ":\n\n", ndjson = "\n" }

local function beat(kind)
  repeat
    ngx.sleep(BEAT)
    ngx.print(BEATS[kind])
  until not ngx.flush(true)
end

-- Why the answer ended too early, if it did.
local function relayed(x, c, kind)
  local cutter, piece, why = cutting(x, kind), nil, nil
  repeat
    c.deadline = now() + IDLE
    piece, why = client.piece(c)
    if oakum.now ~= made then return nil end -- what comes now goes by another contract
    local text = piece and cutter:feed(piece) or not piece and not why and cutter:finish() or ""
    if text ~= "" then
      x.bytes_out = (x.bytes_out or 0) + #text
      ngx.print(text)
      if not ngx.flush(true) then return nil end -- nobody listens any more
    end
  until not piece or x.over
  return why and "a stream was cut off: " .. why
end

-- Events go out one by one. The answer, whole, when it is no stream after all; nothing when all is
-- done. An error after the first event closes the connection, so what is lacking is seen to lack.
local function stream(x, q)
  local c, why = client.open(upstream, q)
  if not c then return nil, why end
  local kind = kind_of(c.headers)
  if not kind then return client.rest(c, settings.max_body) end
  local head = { status = c.status, headers = c.headers, body = "", stream = kind }
  local out = guard:leave(x, head)
  local begins = out.status == c.status and out.body == "" and type(x.stream) == "table"
  if not begins or get_method() == "HEAD" then
    client.abort(c)
    ngx.var.oakum_audit = guard:audit(x)
    return send(out)
  end
  set_head(out.status, out.headers)
  ngx.send_headers()
  ngx.flush(true)
  local relaying, beats = spawn(relayed, x, c, kind), spawn(beat, kind)
  local fine
  fine, why = wait(relaying, beats)
  kill(relaying)
  kill(beats)
  client.abort(c)
  if not fine then x.denied = "error" end
  ngx.var.oakum_audit = guard:audit(x)
  if why then error(why, 0) end
end

local function serve()
  local req = request(HEADERS)
  if not req then return send(own(431)) end
  local x = guard:enter(req)
  if x.deny then
    ngx.var.oakum_audit = guard:audit(x)
    return send(x.deny)
  end
  if x.raw then return pass(req, x, x) end
  if upgrades(req.named) then error "an upgrade that does not pass unread" end
  local q = {
    method = x.method,
    target = x.target,
    headers = onward(req, x),
    derived = x.set,
    body = x.body or not req.empty and assert(read()) or nil,
    timeout = settings.timeout,
    once = x.once,
  }
  local res, why
  if x.stream then
    res, why = stream(x, q)
    if not res and not why then return end
  else
    res, why = client.call(upstream, q, settings.max_body)
  end
  local fine, out = pcall(guard.leave, guard, x, res or failed(why))
  if not fine then
    local absent = guard:failed(x)
    if not absent then error(out, 0) end
    host.log("error", tostring(out))
    out = absent
  end
  ngx.var.oakum_audit = guard:audit(x)
  return send(out)
end

-- ---------------------------------------------------------------- only watching

local UNTOUCHED = { remove = {}, set = {} }

-- Sends an answer on while it comes; what it was, and whether all of it came. `seen` is given each piece
-- of a feed, which is not kept.
local function relay(c, seen)
  local headers, parts, size = {}, {}, 0
  for _, pair in ipairs(c.headers) do
    if not FRAMING[pair[1]] or pair[1] == "content-length" then headers[#headers + 1] = pair end
  end
  set_head(c.status, headers)
  while true do
    c.deadline = now() + IDLE
    local piece, why = client.piece(c)
    if not piece then
      client.close(c)
      return { status = c.status, headers = c.headers, body = table.concat(parts),
        truncated = size > settings.max_body, size = size }, not why
    end
    ngx.print(piece)
    local there = ngx.flush(true)
    size = size + #piece
    if seen then
      seen(piece)
    elseif size <= settings.max_body then
      parts[#parts + 1] = piece
    end
    if not there then
      client.abort(c)
      return { status = c.status, headers = c.headers, body = "", truncated = true, size = size }, true
    end
  end
end

function made.judge(x, res)
  guard:leave(x, res)
  ngx.var.oakum_audit = guard:audit(x)
end

-- What looks at the pieces of a feed as they come, or nil when it is none.
local function looking(x, c)
  local kind = x.stream and kind_of(c.headers)
  if not kind then return nil end
  local head = { status = c.status, headers = c.headers, body = "", stream = kind }
  local fine, cutter = pcall(guard.leave, guard, x, head), cutting(x, kind)
  return function(piece)
    fine = fine and pcall(cutter.feed, cutter, piece)
  end
end

-- The request goes on, and the answer back, as they are, whatever the runtime says and however it
-- fails. It judges the answer when the client has it.
local function watch()
  local req = request(0)
  local fine, x = pcall(guard.enter, guard, req)
  if not fine then host.log("error", tostring(x)) end
  local body
  if not req.empty then body = read() end
  if upgrades(req.named) or not (req.empty or body) then
    return pass(req, { method = req.method, target = req.target, set = {}, remove = {} }, fine and x or nil)
  end
  local c, why = client.open(upstream, {
    method = req.method, target = req.target, headers = onward(req, UNTOUCHED),
    derived = UNTOUCHED.set, body = body,
    timeout = settings.timeout, once = fine and x.once,
  })
  local res, whole, seen = nil, true, c and fine and looking(x, c)
  if c then res, whole = relay(c, seen) else res = failed(why) end
  if res.own then send(res) end
  if whole then ngx.eof() end
  if seen then
    x.bytes_out = res.size
    ngx.var.oakum_audit = guard:audit(x)
  elseif fine then
    fine, why = pcall(made.judge, x, res)
    if not fine then host.log("error", tostring(why)) end
  end
  -- What was cut off is not made to look whole.
  if not whole then return ngx.exit(ngx.ERROR) end
end

-- ---------------------------------------------------------------- what nginx calls

function made.content()
  local fine, where = pcall(settings.observe and watch or serve)
  if not fine then
    host.log("error", tostring(where))
    if ngx.headers_sent then return ngx.exit(ngx.ERROR) end
    return send(own(502))
  end
  if where then return exec(where) end
end

-- The answer to what asks for a WebSocket, before any of it goes out: one that is none is read by nobody,
-- so a problem stands in its place.
function made.switched()
  if ngx.status == 101 then return end
  local header, problem = ngx.header, own(502)
  for name in pairs(ngx.resp.get_headers(0, true)) do header[name] = nil end
  set_head(problem.status, problem.headers)
  header["content-length"] = #problem.body
  ngx.ctx.instead = problem.body
end

function made.instead()
  local body = ngx.ctx.instead
  if not body then return end
  ngx.arg[1], ngx.ctx.instead = body, ""
end

-- In the log phase of what passed unread, also of what was broken off.
function made.passed()
  local number = tonumber(ngx.var.oakum_number)
  local seen = oakum.passing[number]
  oakum.passing[number] = nil
  if not seen then return end -- only watched, and the runtime had failed
  local came = tonumber((ngx.var.upstream_status or ""):match "%d+$")
  local res = { status = seen.x.switch and came or ngx.status, headers = {}, own = not came }
  local fine, why = pcall(seen.of.judge, seen.x, res)
  if not fine then host.log("error", tostring(why)) end
end

-- Named apart from any other module's declaration.
ffi.cdef [[
  int oakum_prctl(int, unsigned long) __asm__("prctl");
  int oakum_getpid(void) __asm__("getpid");
  int oakum_getppid(void) __asm__("getppid");
]]
local PDEATHSIG, SIGKILL = 1, 9
local master = ffi.C.oakum_getpid()

-- A new contract is taken by each worker as it runs: one that ended for it would close connections on
-- which a client has just sent its next request. The first line of the file tells one from another.
local OFTEN = 0.1 -- seconds

local function line_of(path)
  local file = io.open(path)
  local line = file and file:read "*l"
  if file then file:close() end
  return line
end

-- Notes by which file this worker goes.
local function note(line)
  local contracts = ngx.shared.oakum_contracts
  if contracts then contracts:set(ngx.worker.id(), line) end
end

-- The first line of the file by which all workers go; 503 while they go by several.
function made.agreed()
  local contracts, first = ngx.shared.oakum_contracts, nil
  for id = 0, ngx.worker.count() - 1 do
    local line = contracts:get(id)
    if not line or (first and line ~= first) then return ngx.exit(503) end
    first = line
  end
  ngx.say(first)
end

local function text_of(path)
  local file = io.open(path, "rb")
  local text = file and file:read "*a"
  if file then file:close() end
  return text
end

-- One that does not load is tried again when anything in it has changed: it may have been half written.
local function follow(path, last)
  local damaged
  return function(ending)
    local line = line_of(path)
    if ending or not line or line == last then return end
    local text = text_of(path)
    if not text or text == damaged then return end
    local load, why = loadstring(text, "@" .. path)
    local fine, new = pcall(load or error, why)
    if fine and type(new) == "table" then
      oakum.now, last, damaged = new, line, nil
      note(line)
    else
      damaged = text
      host.log("error", "a contract does not load, and the old one stays: " .. tostring(new))
    end
  end
end

-- A worker whose master was killed would go on by an old contract, and hold the port. And each loads the
-- runtime itself: what the master has opened they would share, so that a mark of one were a mark of
-- another, a lock of one no lock for another, and a count of one written over by another's.
function made.worker(path)
  ffi.C.oakum_prctl(PDEATHSIG, SIGKILL)
  if ffi.C.oakum_getppid() ~= master then os.exit(1) end
  local line = line_of(path)
  local fine, own = pcall(dofile, path)
  if not fine and tostring(own):find("Permission denied", 1, true) then
    -- Another worker would fare no better: a master that root starts has workers of another user.
    guard.unfit = tostring(own)
    host.log("error", guard.unfit .. ": every request is answered 503; start nginx as the user of these files")
    return
  end
  if not fine then
    host.log("error", "a worker does not load its contract: " .. tostring(own))
    os.exit(1)
  end
  oakum.now = own
  note(line)
  assert(ngx.timer.every(OFTEN, follow(path, line)))
end

return made
