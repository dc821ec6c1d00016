-- A runtime that decides nothing, to test what an engine does around it. The path says what happens.

local credentials = require "oakum.credentials"
local headers = require "oakum.headers"
local json = require "oakum.json"
local route = require "oakum.route"

local M = {}
local Guard = {}
Guard.__index = Guard

local function problem(status, title)
  return {
    status = status,
    headers = { { "content-type", "application/problem+json" }, { "cache-control", "no-store" } },
    body = '{"type":"about:blank","title":"' .. title .. '","status":' .. status .. "}",
  }
end

function M.new(plan, host, settings)
  return setmetatable({ host = host, plan = plan, settings = settings, seen = 0 }, Guard)
end

local function header(list, name)
  for _, pair in ipairs(list) do
    if pair[1] == name then return pair[2] end
  end
end

function Guard:ask(target)
  local answer, why = self.host.ask {
    method = "GET", target = target, headers = { { "x-asked-by", "guard" } }, timeout = 0.5,
  }
  return answer and answer.status .. ":" .. answer.body or tostring(why)
end

-- As the runtime does it: it reads the token, and the host says whether that one holds.
function Guard:claims(req)
  local places, x = json.plain(self.plan).credentials, {}
  local reader = credentials.new(places)
  headers.new({ strip = {}, headers = {} }, places):read(x, req.headers)
  local _, found = route.query(req.target:match "%?(.*)$", {}, {}, {}, reader.queries)
  if not reader:gather(x, found) then return false end
  local token = x.credentials and reader:token(x.credentials)
  if token == false and x.credentials then return false end
  if not token then return nil end
  return self.host.token(token, req)
end

function Guard:enter(req)
  local path = req.target:match "^[^?]*"
  local x = {
    req = req, path = path, asked_method = req.method, method = req.method, target = req.target,
    set = { { "accept-encoding", "identity" } }, remove = { "x-secret-header" },
    raw = path:find "^/websocket" ~= nil or path:find "^/raw" ~= nil,
  }
  if x.asked_method == "HEAD" then x.method = "GET" end
  if path == "/deny" and not self.settings.observe then x.deny = problem(404, "Not Found") end
  if path == "/raise-enter" then error "enter" end
  if path == "/raise-after-ask" then
    self:ask "/asked"
    error "enter"
  end
  if path == "/ask-request" then x.set[2] = { "x-answer", self:ask "/asked" } end
  if path == "/ask-big" then x.set[2] = { "x-answer", tostring(#self:ask "/big?1000000") } end
  if path == "/ask-then-read" then
    x.set[2] = { "x-answer", self:ask "/slow?0.1" }
    x.set[3] = { "x-length", tostring(#req.body()) }
  end
  if path == "/shout" then
    x.body = string.upper((req.body()))
    x.target = "/shouted?really"
  end
  if path == "/read" then x.set[2] = { "x-length", tostring(#req.body()) } end
  if path == "/address" then x.set[2] = { "x-address", req.address } end
  if path == "/token" then
    local claims = self:claims(req)
    x.set[2] = { "x-claims", json.text(claims and claims.uid) or tostring(claims) }
  end
  x.who = header(req.headers, "x-who")
  return x
end

function Guard:leave(x, res)
  x.status, x.upstream = res.status, not res.own and res.status or nil
  if x.path == "/raise-leave" or x.path == "/blind-raise-leave" then error "leave" end
  if x.raw then return nil end
  if res.truncated then return problem(502, "Bad Gateway") end
  if header(res.headers, "content-encoding") then
    x.status = 502
    return problem(502, "Bad Gateway")
  end
  local body = res.body
  if x.path == "/ask-response" then
    body = self:ask "/one" .. "|" .. self:ask "/two" .. "|" .. body
  end
  if x.path == "/raise-after-ask-response" then
    self:ask "/one"
    error "leave"
  end
  if x.path == "/fill/403-empty" then res.status, body = 200, "filled" end
  if x.path == "/secrets" then body = self.settings.service .. " " .. self.settings.audit_key end
  if x.path == "/generation" then body = self.plan end
  if x.asked_method == "HEAD" or res.status == 204 or res.status == 304 then body = nil end
  local headers = {}
  for _, name in ipairs { "content-type", "cache-control", "retry-after", "location" } do
    local value = header(res.headers, name)
    if value then headers[#headers + 1] = { name, value } end
  end
  for _, pair in ipairs(res.headers) do
    if pair[1] == "set-cookie" then headers[#headers + 1] = pair end
  end
  return { status = res.status, headers = headers, body = body }
end

function Guard:blind(x)
  return x.path:find "^/blind" ~= nil
end

function Guard:failed(x)
  return self:blind(x) and problem(404, "Not Found") or nil
end

function Guard:audit(x)
  if x.path == "/raise-audit" then error "audit" end
  return '{"op":"' .. x.path .. '","status":' .. (x.deny and x.deny.status or x.status)
    .. ',"upstream":' .. (x.upstream or "null") .. ',"quote":"a\\"b \195\169 %REQ(X)%"}'
end

return M
