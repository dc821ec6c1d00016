-- Verifies tokens in nginx (see oakum.jwt), with keys from the plan or from a URL that is read
-- repeatedly.
--
-- Without keys no token is valid. If the URL cannot be read, its last keys are used for at most an hour.
-- Unknown key ids cause at most one request for keys in ten seconds.

local client = require "oakum.client"
local jwt = require "oakum.jwt"
local json = require "oakum.json"
local places = require "oakum.places"

local now, sleep, later = ngx.now, ngx.sleep, ngx.timer.at

local M = {}

local FRESH, KEPT, PAUSE = 300, 3600, 10 -- seconds
local TIMEOUT, MOST = 5, 1048576 -- seconds and bytes of an answer with keys
local MOMENT = 0.01

local Tokens = {}
Tokens.__index = Tokens

-- `tokens` as the plan has it, decoded; `source` where keys are asked for: {host, port, tls, authority,
-- target}, nil when they are in the plan.
function M.new(tokens, source)
  local self = setmetatable({
    options = {
      algorithms = tokens.algorithms, audiences = tokens.audiences,
      issuer = tokens.issuer ~= json.null and tokens.issuer or nil,
    },
    source = source, place = source and places.new(source),
    since = 0, due = 0, asking = false,
  }, Tokens)
  if not source then self:take(tokens.jwks) end
  return self
end

function Tokens:take(keys)
  if self.verifier then
    local some, why = self.verifier:rotate(keys)
    if some == nil then error(why, 0) end
    if not some then io.stderr:write("oakum error: no key of the set fits: no token is good\n") end
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

-- The claims of a token, which the runtime has read; false when it is not good. May yield.
function Tokens:claims(token)
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
