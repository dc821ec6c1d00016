-- Identifies the caller: the credentials of a request, and what is known of their bearer.
--
-- Only the API, the token or the key says who the caller is; nothing else in the request does. If it is
-- not known, the caller is anonymous, or the request is refused.

local cache = require "oakum.cache"
local caching = require "oakum.caching"
local conditions = require "oakum.tenant_selection"
local credentials = require "oakum.credentials"
local guesses = require "oakum.guesses"
local hash = require "oakum.hash"
local json = require "oakum.json"
local lookups = require "oakum.lookups"
local spelling = require "oakum.id_spelling"

local find, sub, sort = string.find, string.sub, table.sort

local M = {}

-- What asks to wait; from 500 on, something failed. Neither says what would have been told.
local TRANSIENT = { [408] = true, [425] = true, [429] = true }

local Who = {}
Who.__index = Who

-- `keys`: SHA-256 of an API key → decoded object with its `id`; nil without any.
function M.new(plan, host, asking, audit_key, keys)
  local self = setmetatable({
    plan = plan, host = host, asking = asking, audit_key = audit_key, keys = keys,
    caller = plan.caller, reader = credentials.new(plan.credentials), ttl = plan.guard.ttl,
    known = cache.new(2 ^ 22), tokens = 0,
    guesses = guesses.new(asking.shared, #plan.limits, host.time, plan.guard.timeout),
    nameless = {}, -- places of credentials that name nobody
  }, Who)
  self.nobody = self:bearer({}, nil)
  asking.keyed = function(held) return self.reader:key(held) end
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

-- A value as an id; nil where it is none. A text with a zero byte names nobody: some readers end it
-- there, and `decide` judges strangers by an owner of that id.
local function id_of(value)
  local id = spelling.id(value)
  return id and not find(id, "%z") and id or nil
end

-- The ids among some values: none at all beside one that cannot be read, as what else the caller is called may
-- be the name that is refused.
local function texts(values)
  local list, seen = {}, {}
  for i = 1, #values do
    local id, value = id_of(values[i]), values[i]
    if not id and value ~= json.null and (type(value) ~= "string" or spelling.id(value)) then return {} end
    if id and not seen[id] then
      seen[id] = true
      list[#list + 1] = id
    end
  end
  sort(list)
  return list
end

function Who:by_token(token, req, before)
  if token == nil then return before and before.anonymous and before or self:bearer({}, nil) end
  -- The host is told which token it is: it verifies this one, and looks for none.
  local claims = self.host.token(token, req)
  if not claims then return nil, 401 end
  local id = id_of(claims[self.caller.claim])
  if not id then return nil, 401 end
  if before and before.know.claims == claims then return before end
  local made = self:bearer({ id }, claims)
  -- Another copy of the same claims, by the same credentials: what was looked up for them holds.
  if before and before.name == id then made.token, made.hashed = before.token, before.hashed end
  return made
end

function Who:by_key(held)
  local function holder(key) return self.keys and self.keys[hash.sha256_hex(key)] end
  local value = self.reader:api_key(held, self.nameless, holder)
  if not value then return nil, 401 end
  local known = holder(value)
  local id = known and id_of(known.id)
  if not id then return nil, 401 end
  return self:bearer({ id }, known)
end

-- The ids that an answer tells, and what stands beside them.
local function told(value, pointer)
  local around = #pointer > 0 and lookups.at(value, pointer, #pointer - 1) or {}
  local ids = {}
  for i = 1, #around do
    local inside = lookups.at(around[i], { pointer[#pointer] })
    for j = 1, #inside do ids[#ids + 1] = inside[j] end
  end
  return texts(ids), around[1]
end

-- What an answer says beside the ids, where a parameter of the caller's may have left something out: a claim
-- that is missing is one that nobody can read.
local function doubted(said, relations)
  said = json.is_object(said) and said or {}
  for i = 1, #relations do
    local path, at = relations[i].claim, said
    for k = 1, path and #path or 0 do
      local missing = at[path[k]] == nil or at[path[k]] == json.null
      if missing then at[path[k]] = {} end
      at = at[path[k]]
      if not json.is_object(at) then break end
    end
  end
  return said
end

-- Whether an answer says that nobody is logged in, by a refusal or without content (204); it is one too,
-- so it has not failed.
local function turned_away(x, answer)
  local status = answer and answer.status
  local nobody = status and (status == 204 or (status >= 400 and status < 500 and not TRANSIENT[status]))
  if nobody then x.failed = x.failed - 1 end
  return nobody
end

-- Whether the API tells nobody without credentials the ids that it told these: it is asked once more,
-- so that a cache which answers everybody alike is found out. The second result: it does tell nobody so.
function Who:theirs(x, ids)
  local asking = self.asking
  local ask = asking.asks[self.caller.ask]
  local nobody = { given = self.reader:carried(x, true), conditions = x.conditions }
  local question = asking:question(nobody, ask.before, ask.query, nil, ask.look, ask.method)
  question.headers[#question.headers + 1] = caching.FRESH
  local answer, value = asking:ask(x, question)
  if turned_away(x, answer) then return true end
  if not answer or TRANSIENT[answer.status] or answer.status >= 500
    or (answer.status == 200 and value == nil) then
    return false
  end
  if value == nil then
    x.failed = x.failed - 1
    return true
  end
  local others = told(value, self.caller.pointer)
  for i = 1, #others do
    if ids[others[i]] then return false, true end
  end
  return true
end

-- Whether an answer says that nobody is logged in, as session libraries do: where the id would be, or what
-- would hold it, is nothing, as in `{}` and `{"user": null}`.
local function names_nobody(value, pointer)
  for i = 1, #pointer do
    if value == json.null or (json.is_object(value) and next(value) == nil) then return true end
    value = json.is_object(value) and value[pointer[i]]
    if not value then return false end
  end
  return value == json.null or value == ""
end

-- The caller according to who-am-I, or nil, a status, seconds to wait and whether it names nobody who could
-- be the caller: credentials that are told so are nobody's to whoever guesses them.
function Who:by_answer(x)
  local asking, caller = self.asking, self.caller
  local ask = asking.asks[caller.ask]
  local question = asking:question(x, ask.before, ask.query, nil, ask.look, ask.method)
  question.headers[#question.headers + 1] = caching.FRESH
  local answer, value = asking:ask(x, question)
  if turned_away(x, answer) then return self:bearer({}, nil) end
  if value == nil or caching.handed_on(answer.headers) then return nil, 503, 1 end
  local ids, beside = told(value, caller.pointer)
  if #ids == 0 and names_nobody(value, caller.pointer) then return self:bearer({}, nil) end
  if #ids == 0 then return nil, 503, 1, true end
  if x.conditions.shaped then beside = doubted(beside, self.plan.relations) end
  local made = self:bearer(ids, json.is_object(beside) and beside or nil)
  if caching.kept_apart(answer.headers) then return made end
  local theirs, nobodys = self:theirs(x, made.ids)
  if not theirs then return nil, 503, 1, nobodys end
  return made
end

local function nothing() return nil end

-- What is known of who has just logged in, by the good answer of an endpoint that a person said to be a
-- login; nil where it does not name one account, or may have been said to somebody else. Nothing is
-- looked up for them: what came with the request is not their credential.
function M.logged_in(pointer, status, headers, text)
  if #pointer == 0 or status < 200 or status >= 300 then return nil end
  local named = {}
  for i = 1, #headers do
    local name, value = headers[i][1], headers[i][2]
    named[name] = named[name] and named[name] .. "," .. value or value
  end
  if not lookups.is_json({ headers = named }) or caching.handed_on(named) then return nil end
  local found = lookups.at(json.decode(text), pointer)
  local id = #found == 1 and id_of(found[1])
  if not id then return nil end
  return {
    ids = { [id] = true }, list = { id }, claims = {}, related = nothing, state = nothing, masks = {},
  }
end

-- ---------------------------------------------------------------- the whole

-- Marks that make a bearer stale: a write about one of the ids, with these credentials, or one that ends
-- for somebody what who-am-I tells.
local function marks_of(self, key, bearer)
  local about = { "\0key " .. key }
  for i = 1, #bearer.list do about[i + 1] = bearer.list[i] end
  local ask = self.caller.kind == "ask" and self.asking.asks[self.caller.ask]
  if ask then about[#about + 1] = ask.mark end
  return self.asking:marks(about)
end

-- The bearer of the credentials in `x`, or nil, a status and seconds to wait.
function Who:find(x, req)
  local held, kind, token = x.credentials, self.caller.kind, nil
  if not held then return self.nobody end
  if kind == "claim" then
    token = self.reader:only_token(x, self.nameless)
    if token == false then return nil, 401 end
    held = x.credentials
    if not held then return self.nobody end
  end
  local guess, several, whole = self.reader:guess(held, self.nameless)
  if not guess and kind ~= "claim" then return self.nobody end
  local key = self.reader:key(held)
  -- The API may know a session as another one's elsewhere; a token or a key says the same anywhere.
  local asked = kind == "ask" and key .. "\0" .. x.conditions.mark or key
  local bearer = self.known:get(asked)
  local now = x.now
  if kind == "claim" then
    if bearer and not (bearer.expires > now and self.asking:fresh(bearer, self.asking:era())) then
      bearer = nil
    end
  elseif bearer and bearer.expires > now and self.asking:fresh(bearer, self.asking:era()) then
    return bearer
  end
  if kind == "ask" and not conditions.fills(x.conditions, self.asking.asks[self.caller.ask].look) then
    return self.nobody
  end
  local guessable = kind == "ask" or kind == "api_key" -- nobody guesses a signature
  if kind == "api_key" then guess, whole = whole or guess, nil end -- all of them say who it is
  local attempt, braked
  if guessable then
    attempt, braked = self.guesses:begin(x, guess, several, whole)
    if braked then return nil, 429, braked end
  end
  local era, written, made, status, wait, unnamed = self.asking:era(), self.asking:written(), nil, nil, nil, nil
  if kind == "claim" then
    made, status = self:by_token(token, req, bearer)
    if made and made == bearer then return made end
  elseif kind == "ask" then
    made, status, wait, unnamed = self:by_answer(x)
  elseif kind == "api_key" then
    made, status = self:by_key(held)
  else
    made = self:bearer({}, nil)
  end
  if guessable then
    local nobodys = made and made.anonymous or status == 401 or unnamed
    self.guesses:finish(x, attempt, nobodys, made and made.name)
  end
  if not made then return nil, status, wait end
  made.key, made.era = key, era
  made.marks = marks_of(self, key, made)
  -- Whoever wrote meanwhile may have changed what the answer says.
  made.expires = self.asking:written() == written and now + self.ttl or now
  self.known:put(asked, made)
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
