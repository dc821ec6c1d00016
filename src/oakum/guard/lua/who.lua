-- Who is calling: the credentials of a request, and what is known of their bearer.
--
-- The law of this module: a caller is who the API, the token or the key says, and nothing else in
-- the request says it. Not to know is nobody, or no answer at all.

local cache = require "oakum.cache"
local credentials = require "oakum.credentials"
local hash = require "oakum.hash"
local json = require "oakum.json"
local lookups = require "oakum.lookups"

local sub, sort = string.sub, table.sort

local M = {}

local TRANSIENT = { [408] = true, [425] = true, [429] = true }

local Who = {}
Who.__index = Who

-- `keys`: SHA-256 of an API key → decoded object with its `id`; nil without any.
function M.new(plan, host, asking, audit_key, keys)
  local self = setmetatable({
    plan = plan, host = host, asking = asking, audit_key = audit_key, keys = keys,
    caller = plan.caller, reader = credentials.new(plan.credentials), ttl = plan.guard.ttl,
    known = cache.new(2 ^ 22), tokens = 0,
  }, Who)
  self.nobody = self:bearer({}, nil)
  asking.carried = function(x) return self.reader:carried(x) end
  return self
end

-- What is known of a bearer of some ids. `token` tells the look-ups of different credentials apart,
-- within this worker.
function Who:bearer(list, claims)
  local ids = {}
  for i = 1, #list do ids[list[i]] = true end
  self.tokens = self.tokens + 1
  local anonymous = #list == 0
  return {
    ids = ids, list = list, name = list[1], anonymous = anonymous, token = self.tokens .. ":",
    know = {
      ids = ids, claims = claims or {}, anonymous = anonymous or nil,
      related = self.asking.related, state = self.asking.state, masks = {},
    },
  }
end

-- ---------------------------------------------------------------- the ways to know

local function texts(values)
  local list, seen = {}, {}
  for i = 1, #values do
    local id = json.text(values[i])
    if id and id ~= "" and not seen[id] then
      seen[id] = true
      list[#list + 1] = id
    end
  end
  sort(list)
  return list
end

function Who:by_token(held, req, before)
  local token = self.reader:token(held)
  if token == nil then return before and before.anonymous and before or self:bearer({}, nil) end
  -- The host is told which token it is: it verifies this one, and looks for none.
  local claims = token and self.host.token(token, req)
  if not claims then return nil, 401 end
  local id = json.text(claims[self.caller.claim])
  if not id or id == "" then return nil, 401 end
  if before and before.know.claims == claims then return before end
  local made = self:bearer({ id }, claims)
  -- Another copy of the same claims, by the same credentials: what was looked up for them holds.
  if before and before.name == id then made.token, made.hashed = before.token, before.hashed end
  return made
end

function Who:by_key(held)
  local value = self.reader:api_key(held)
  if not value then return nil, 401 end
  local known = self.keys and self.keys[hash.sha256_hex(value)]
  local id = known and json.text(known.id)
  if not id or id == "" then return nil, 401 end
  return self:bearer({ id }, known)
end

function Who:by_answer(x)
  local asking, caller = self.asking, self.caller
  local ask = asking.asks[caller.ask]
  local answer, value = asking:ask(x, asking:question(x, ask.before, ask.query, nil))
  if answer and answer.status >= 400 and answer.status < 500 and not TRANSIENT[answer.status] then
    x.failed = x.failed - 1 -- an answer too: it is nobody
    return self:bearer({}, nil)
  end
  if value == nil then return nil, 503, 1 end
  local pointer = caller.pointer
  local around = #pointer > 0 and lookups.at(value, pointer, #pointer - 1) or {}
  local ids = {}
  for i = 1, #around do
    local inside = lookups.at(around[i], { pointer[#pointer] })
    for j = 1, #inside do ids[#ids + 1] = inside[j] end
  end
  ids = texts(ids)
  if #ids == 0 then return nil, 503, 1 end
  return self:bearer(ids, json.is_object(around[1]) and around[1] or nil)
end

-- ---------------------------------------------------------------- the whole

-- Marks that make a bearer stale: a write about one of the ids, or with these credentials.
local function marks_of(self, key, bearer)
  local about = { "\0key " .. key }
  for i = 1, #bearer.list do about[i + 1] = bearer.list[i] end
  return self.asking:marks(about)
end

-- The bearer of the credentials in `x`, or nil, a status and seconds to wait.
function Who:find(x, req)
  local held = x.credentials
  if not held then return self.nobody end
  local kind = self.caller.kind
  local key = self.reader:key(held)
  local bearer = self.known:get(key)
  local now = x.now
  if kind == "claim" then
    if bearer and not (bearer.expires > now and self.asking:fresh(bearer, self.asking:era())) then
      bearer = nil
    end
  elseif bearer and bearer.expires > now and self.asking:fresh(bearer, self.asking:era()) then
    return bearer
  end
  local era, made, status, wait = self.asking:era(), nil, nil, nil
  if kind == "claim" then
    made, status = self:by_token(held, req, bearer)
    if made and made == bearer then return made end
  elseif kind == "ask" then
    made, status, wait = self:by_answer(x)
  elseif kind == "api_key" then
    made, status = self:by_key(held)
  else
    made = self:bearer({}, nil)
  end
  if not made then return nil, status, wait end
  made.key, made.era = key, era
  made.marks = marks_of(self, key, made)
  -- Whoever wrote meanwhile may have changed what the answer says.
  made.expires = self.asking:era() == era and now + self.ttl or now
  self.known:put(key, made)
  return made
end

-- How a bearer stands in the audit log.
function Who:audited(bearer)
  if not bearer or bearer.anonymous then return "anonymous" end
  if not bearer.hashed then
    bearer.hashed = sub(hash.hmac_hex(self.audit_key, bearer.name), 1, 16)
  end
  return bearer.hashed
end

-- What a write with these credentials makes stale: they may log in or out by it.
function Who:mark_of(bearer)
  return bearer.key and "\0key " .. bearer.key or nil
end

return M
