-- Who is calling: the credentials of a request, and what is known of their bearer.
--
-- The law of this module: a caller is who the API, the token or the key says, and nothing else in
-- the request says it. Not to know is nobody, or no answer at all.

local cache = require "oakum.cache"
local hash = require "oakum.hash"
local json = require "oakum.json"
local lookups = require "oakum.lookups"

local byte, find, sub = string.byte, string.find, string.sub
local concat, sort = table.concat, table.sort

local M = {}

local TRANSIENT = { [408] = true, [425] = true, [429] = true }

local Who = {}
Who.__index = Who

-- `keys`: SHA-256 of an API key → decoded object with its `id`; nil without any.
function M.new(plan, host, asking, audit_key, keys)
  local self = setmetatable({
    plan = plan, host = host, asking = asking, audit_key = audit_key, keys = keys,
    caller = plan.caller, credentials = plan.credentials, ttl = plan.guard.ttl,
    known = cache.new(2 ^ 22), tokens = 0, cookies = {}, queries = {},
  }, Who)
  for i = 1, #plan.credentials do
    local each = plan.credentials[i]
    if each.where == "cookie" then
      self.cookies[#self.cookies + 1] = { begins = each.name .. "=", place = i }
    end
    if each.where == "query" then self.queries[each.name] = i end
  end
  self.nobody = self:bearer({}, nil)
  asking.carried = function(x) return self:carried(x) end
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

-- ---------------------------------------------------------------- credentials

local function blank(text, at)
  local b = byte(text, at)
  return b == 32 or b == 9
end

-- Credentials in cookies, into `held`; false when one of them stands twice.
local function read_cookies(self, cookie, held)
  for i = 1, #self.cookies do
    local each = self.cookies[i]
    local at = find(cookie, each.begins, 1, true)
    while at do
      local before = at - 1
      while before > 0 and blank(cookie, before) do before = before - 1 end
      local from = at + #each.begins
      if before == 0 or byte(cookie, before) == 59 then
        if held[each.place] then return false end
        local till = (find(cookie, ";", from, true) or #cookie + 1) - 1
        while till >= from and blank(cookie, till) do till = till - 1 end
        held[each.place] = sub(cookie, from, till)
      end
      at = find(cookie, each.begins, from, true)
    end
  end
  return true
end

-- Gathers the credentials of a request into `x.credentials` (place in the plan → value), or nil there
-- for none; false when one stands twice. `found` are those in the query.
function Who:gather(x, found)
  if x.twice then return false end
  local held = x.credentials
  if x.cookie and #self.cookies > 0 then
    held = held or {}
    if not read_cookies(self, x.cookie, held) then return false end
  end
  if found then
    held = held or {}
    for name, piece in pairs(found) do
      held[self.queries[name]] = piece[2]
      x.query_pieces = x.query_pieces or {}
      x.query_pieces[self.queries[name]] = piece[1]
    end
  end
  local some = false
  for i = 1, held and #self.credentials or 0 do
    if held[i] == "" then held[i] = nil end
    some = some or held[i] ~= nil
  end
  x.credentials = some and held
  return true
end

-- One text for all credentials of a request together; none of them holds a zero byte.
function Who:key(held)
  local text
  for i = 1, #self.credentials do
    if held[i] then text = (text and text .. "\0" or "") .. i .. ":" .. held[i] end
  end
  return text
end

-- The credentials as a question carries them, and nothing else: headers, then the cookie, and the
-- pieces of the query.
function Who:carried(x)
  local held, made, cookies, pieces = x.credentials, {}, {}, {}
  if not held then return made end
  local whole
  for i = 1, #self.credentials do
    local each, value = self.credentials[i], held[i]
    if value and each.where == "header" and each.name == "cookie" then
      whole = value
    elseif value and each.where == "header" then
      made[#made + 1] = { each.name, value }
    elseif value and each.where == "cookie" then
      cookies[#cookies + 1] = each.name .. "=" .. value
    end
    if each.where == "query" and x.query_pieces and x.query_pieces[i] then
      pieces[#pieces + 1] = x.query_pieces[i]
    end
  end
  if whole or #cookies > 0 then made[#made + 1] = { "cookie", whole or concat(cookies, "; ") } end
  made.query = #pieces > 0 and concat(pieces, "&") or nil
  return made
end

-- ---------------------------------------------------------------- the ways to know

local function texts(values)
  local list, seen = {}, {}
  for i = 1, #values do
    local id = json.text(values[i])
    if id and not seen[id] then
      seen[id] = true
      list[#list + 1] = id
    end
  end
  sort(list)
  return list
end

function Who:by_token(req, before)
  local claims = self.host.token(req)
  if claims == nil then return before and before.anonymous and before or self:bearer({}, nil) end
  if not claims then return nil, 401 end
  local id = json.text(claims[self.caller.claim])
  if not id then return nil, 401 end
  if before and before.know.claims == claims then return before end
  local made = self:bearer({ id }, claims)
  -- Another copy of the same claims, by the same credentials: what was looked up for them holds.
  if before and before.name == id then made.token, made.hashed = before.token, before.hashed end
  return made
end

function Who:by_key(held)
  local value
  for i = 1, #self.credentials do
    if held[i] then
      value = held[i]
      local space = self.credentials[i].name == "authorization" and find(value, " ", 1, true)
      if space then value = sub(value, space + 1) end
      break
    end
  end
  local known = self.keys and self.keys[hash.sha256_hex(value)]
  local id = known and json.text(known.id)
  if not id then return nil, 401 end
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
  local key = self:key(held)
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
    made, status = self:by_token(req, bearer)
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
