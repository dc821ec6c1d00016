-- The token of a request, verified here (see oakum.jwt), and the keys to verify it with: from the
-- plan, or from a URL that is asked again and again.
--
-- The law of this module: without keys no token is good. Keys that cannot be asked for stay for an
-- hour at most, and a flood of unknown keys asks no more often than once in ten seconds.

local client = require "oakum.client"
local jwt = require "oakum.jwt"
local json = require "oakum.json"
local places = require "oakum.places"

local find, match = string.find, string.match
local now, sleep, later = ngx.now, ngx.sleep, ngx.timer.at

local M = {}

local FRESH, KEPT, PAUSE = 300, 3600, 10 -- seconds
local TIMEOUT, MOST = 5, 1048576 -- seconds and bytes of an answer with keys
local MOMENT = 0.01

local Tokens = {}
Tokens.__index = Tokens

-- Names in cookies and queries are looked for as they are.
local function literal(name)
  return (name:gsub("%W", "%%%0"))
end

-- `tokens` as the plan has it, decoded; `credentials` likewise; `source` where keys are asked
-- for: {host, port, tls, authority, target}, nil when they are in the plan.
function M.new(tokens, credentials, source)
  local self = setmetatable({
    options = {
      algorithms = tokens.algorithms, audiences = tokens.audiences,
      issuer = tokens.issuer ~= json.null and tokens.issuer or nil,
    },
    places = {},
    source = source, place = source and places.new(source),
    since = 0, due = 0, asking = false,
  }, Tokens)
  for i, each in ipairs(credentials) do
    self.places[i] = { where = each.where, name = each.name, literal = literal(each.name) }
  end
  if not source then self:take(tokens.jwks) end
  return self
end

function Tokens:take(keys)
  if self.verifier then
    assert(self.verifier:rotate(keys))
  else
    self.options.jwks = keys
    self.verifier = assert(jwt.new(self.options))
  end
  self.since = now()
end

local function fetched(self)
  local answer, why = client.call(self.place, {
    method = "GET", target = self.source.target, timeout = TIMEOUT,
    headers = { { "accept", "application/json" } },
  }, MOST)
  if not answer or answer.status ~= 200 then error(why or "status " .. answer.status, 0) end
  self:take((json.decode(answer.body)))
end

-- Asks for the keys, unless that was done just now. May yield.
function Tokens:refresh()
  if self.asking or now() < self.due then return end
  self.asking, self.due = true, now() + PAUSE
  local fine, why = pcall(fetched, self)
  self.asking = false
  if not fine then io.stderr:write("oakum error: no keys: ", tostring(why), "\n") end
end

function Tokens:ready()
  if not self.source then return true end
  local age = now() - self.since
  if age > KEPT then self.verifier = nil end
  if not self.verifier then
    self:refresh()
    for _ = 1, TIMEOUT / MOMENT do -- another request may be asking
      if not self.asking then break end
      sleep(MOMENT)
    end
  elseif age > FRESH then
    later(0, function() self:refresh() end)
  end
  return self.verifier ~= nil
end

local function value_at(req, place)
  if place.where == "header" then return req.named[place.name] end
  local text, separator
  if place.where == "query" then
    text, separator = match(req.target, "%?(.*)$"), "&"
  else
    text, separator = req.named.cookie, "[; ]"
  end
  if type(text) ~= "string" then return text end
  text = (separator == "&" and "&" or ";") .. text
  local _, at = find(text, separator .. place.literal .. "=")
  return at and match(text, "^[^;&]*", at + 1)
end

-- The token: of `authorization` if there is one, else of the first place that has any.
local function presented(self, req)
  local sent = req.named.authorization
  for _, place in ipairs(self.places) do
    local value = value_at(req, place)
    if value and value ~= "" and (not sent or place.name == "authorization") then
      if type(value) == "table" then return "" end -- two are none
      if place.name ~= "authorization" then return value end
      return match(value, "^[Bb][Ee][Aa][Rr][Ee][Rr] +(.*)$")
    end
  end
end

-- The claims; false for a token that is not good, nil for none. May yield.
function Tokens:claims(req)
  local token = presented(self, req)
  if not token then return nil end
  if not self:ready() then return false end
  local time = now()
  local claims, why = self.verifier:verify(token, time)
  if not claims and why == "signature" and self.source then
    local since = self.since
    self:refresh()
    if self.since ~= since then claims = self.verifier:verify(token, time) end
  end
  return claims or false
end

return M
