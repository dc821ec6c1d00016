-- Look-ups: relations and states that a decision still needs and only the API can tell.
--
-- Unknown is closed. While a body is judged no look-up is sent: what is missing is noted, looked up
-- afterwards, and the body is judged again. If a look-up cannot be sent, or its response cannot be read
-- completely, its relation stays unknown. A page of a list that may continue proves nothing about
-- accounts that are not on it.

local cache = require "oakum.cache"
local conditions = require "oakum.tenant_selection"
local headers = require "oakum.headers"
local json = require "oakum.json"
local media = require "oakum.media"
local mentions = require "oakum.mentions"
local route = require "oakum.route"
local spelling = require "oakum.id_spelling"
local whole = require "oakum.whole"

local min = math.min

local M = {}

-- Changes with every write, whoever it was about: while it stays, nothing that is believed is stale.
local ERA = "\0era"
local ACCEPT, IDENTITY = { "accept", "application/json" }, { "accept-encoding", "identity" }
local KIND = { "content-type", "application/json" }
local NEVER = 0 / 0 -- is not even itself
local FAILED = { failed = true, turn = math.huge }
local NEGATIVE = 1 -- seconds for which a failure is believed at most

-- ---------------------------------------------------------------- values at a pointer

local function below(value, segment, out)
  if json.is_array(value) then
    if segment == "*" then
      for i = 1, value.n do out[#out + 1] = value[i] end
    elseif segment:find("^%d+$") then
      out[#out + 1] = value[tonumber(segment) + 1]
    end
  elseif json.is_object(value) then
    if segment == "*" then
      for _, each in pairs(value) do out[#out + 1] = each end
    elseif value[segment] ~= nil then
      out[#out + 1] = value[segment]
    end
  end
end

-- Values at the first `n` segments of a JSON pointer (RFC 6901); `*` is every element or map value,
-- with `maps` only where the document declares a map.
function M.at(value, segments, n, maps)
  local found = { value }
  for i = 1, n or #segments do
    local inside, listed = {}, maps and segments[i] == "*" and not maps[i]
    for j = 1, #found do
      if not (listed and json.is_object(found[j])) then below(found[j], segments[i], inside) end
    end
    found = inside
  end
  return found
end

-- ---------------------------------------------------------------- questions

local Lookups = {}
Lookups.__index = Lookups

-- An ask of the plan: path before and after the id, and all that its answer may be read for.
local function prepare(plan, i, service)
  local said = plan.asks[i]
  local placed = #said.path == 2
  local _, around = next(said.around or {})
  local made = {
    before = said.path[1], after = said.path[2] or "", placed = placed, around = around, query = said.query,
    method = said.method, tag = i .. ":", look = said.selects, mark = said.mark, relations = {}, places = {}, states = {}, service = service and placed,
  }
  conditions.prepare(said.selects)
  for j = 1, #plan.relations do
    if plan.relations[j].ask == i then
      made.relations[#made.relations + 1] = j
      made.places[j] = whole.place(plan.relations[j], said)
    end
  end
  for name, state in pairs(plan.states) do
    if state.ask == i then made.states[name] = state end
  end
  return made
end

-- `service`: value of the service's credential, or nil when the caller's own is used; `patience`: seconds
-- that the API has for an answer.
function M.new(plan, host, shared, service, patience)
  local guard = plan.guard
  local self = setmetatable({
    plan = plan, host = host, shared = shared, now = host.now,
    patience = patience, ttl = guard.ttl, timeout = guard.timeout, most = guard.lookups,
    service = guard.service ~= "" and service and { guard.service, service } or nil,
    believed = cache.new(2 ^ 23, function(entry) return entry.size end), asks = {}, x = nil,
    noted = cache.new(2 ^ 22), turn = 0, seen = nil, secrets = {},
  }, Lookups)
  for i = 1, plan.credentials and #plan.credentials or 0 do
    self.secrets[plan.credentials[i].where .. " " .. plan.credentials[i].name] = true
  end
  for i = 1, #plan.asks do self.asks[i] = prepare(plan, i, self.service ~= nil) end
  -- What `decide` calls for the request that is being judged; a judgement never yields.
  self.related = function(relation, owner) return self:relation(relation, owner) end
  self.state = function(name, owner) return self:state_of(name, owner) end
  return self
end

-- A GET as the guard asks it: under the conditions of the request, with the service's credential or with
-- the caller's, and nothing else. Who-am-I alone may be a POST (`method`). `look`: what the plan says of its operation;
-- nil where that requires something that nobody says.
function Lookups:question(x, path, query, service, look, method)
  if not conditions.fills(x.conditions, look) then return nil end
  -- Most JSON clients name the type of a body that is not there, and some APIs read a token beside it only.
  local sent = { ACCEPT, IDENTITY, method ~= "POST" and KIND or nil }
  query = conditions.query(x.conditions, look, query)
  local target = query ~= "" and path .. "?" .. query or path
  if service then
    sent[#sent + 1] = service
  else
    local given = x.given or self.carried(x)
    x.given = given
    for i = 1, #given do sent[#sent + 1] = given[i] end
    if given.query then
      target = target .. (query ~= "" and "&" or "?") .. given.query
    end
  end
  -- With the caller's credentials, one that is a condition as well is sent as such.
  conditions.add(x.conditions, look, sent, not service and x.given.whole, not service and self.secrets)
  return { method = method or "GET", target = target, headers = sent, timeout = self.timeout }
end

-- An answer of another type than JSON, of one of errors, or of no type, is none, whatever its bytes are.
function M.is_json(answer)
  local said = answer.headers["content-type"]
  if not said then return false end
  said = media.read(said)
  if not said or not (said.utf8 or said.charset == "us-ascii") then return false end
  return media.is_json(said.type) and not whole.problem(said.type)
end

-- The decoded value of a good answer, or nil.
function M.readable(answer)
  if not answer or answer.status ~= 200 or answer.truncated or not M.is_json(answer) then return nil end
  if not headers.plain(answer.headers["content-encoding"]) then return nil end
  return (json.decode(answer.body))
end

-- Asks, counted; returns the answer and its decoded value, or nil for either.
function Lookups:ask(x, question)
  local answer = self.host.ask(question)
  local value = M.readable(answer)
  x.lookups = x.lookups + 1
  if value == nil then x.failed = x.failed + 1 end
  return answer, value
end

-- Takes one question from the budget of this phase; nil when it is spent, else the seconds it may take.
function Lookups:spend(x)
  local now = self.now()
  if not x.deadline then
    x.deadline, x.budget = now + 3 * self.timeout, self.most
  end
  if x.budget <= 0 or now >= x.deadline then return nil end
  x.budget = x.budget - 1
  return min(self.timeout, x.deadline - now)
end

-- Questions that are left in the budget of this phase.
function Lookups:left(x)
  return x.deadline and x.budget or self.most
end

-- Answers to some questions of which each was spent, false for none. All of them together take no more time
-- than is left of the phase, however an engine asks them.
function Lookups:all(x, questions)
  local till, answers = x.deadline, {}
  if #questions == 0 then return answers end
  if self.host.ask_all then return self.host.ask_all(questions, till - self.now()) end
  for i = 1, #questions do
    local left = till - self.now()
    questions[i].timeout = min(questions[i].timeout, left)
    answers[i] = left > 0 and self.host.ask(questions[i]) or false
  end
  return answers
end

-- ---------------------------------------------------------------- answers

local function first_value(values)
  for i = 1, #values do
    if values[i] ~= json.null then return values[i] end
  end
  return nil
end

-- Whether an account names somebody whom nobody can read.
local function unread(state, object)
  for i = 1, #state.owners do
    if spelling.garbled(object, state.owners[i], 1) then return true end
  end
  return false
end

-- Whether an object is of an account of these ids, or may be.
local function of_same(state, object, ids)
  if unread(state, object) then return true end
  for i = 1, #state.owners do
    for _, each in ipairs(M.at(object, state.owners[i])) do
      local id = json.text(each)
      if id and ids[id] then return true end
    end
  end
  return false
end

-- Whether the answer shows the account of these ids once more, and not with what is said of it.
local function contradicted(state, value, ids, said)
  for i = 1, #state.copies do
    for _, copy in ipairs(M.at(value, state.copies[i])) do
      if json.is_object(copy) and of_same(state, copy, ids) then
        if spelling.garbled(copy, state.at, 1, true) then return true end
        for _, other in ipairs(M.at(copy, state.at)) do
          if other ~= json.null and not json.alike(said, other) then return true end
        end
      end
    end
  end
  return false
end

-- The state's value as an account says it, `json.null` where it is unset there; nil where what stands
-- in its place is not that account, or where the answer shows the account once more and says something
-- else there. `about` empty: it is of whoever asks.
local function state_in(state, value, about)
  local objects = M.at(value, state.home)
  local object = objects[1]
  if #objects ~= 1 or not json.is_object(object) then return nil end
  if unread(state, object) or spelling.garbled(object, state.at, 1, true) then return nil end
  local theirs, same, ids = false, about == "", {}
  for i = 1, #state.owners do
    for _, each in ipairs(M.at(object, state.owners[i])) do
      local id = json.text(each)
      if id then
        theirs, ids[id] = true, true
        same = same or id == about
      elseif each == json.null and about ~= "" then
        theirs = true -- no id: some APIs answer an absent account with default values
      end
    end
  end
  if theirs and not same then return nil end
  if not theirs then ids[about] = true end
  local every = M.at(object, state.at)
  local said = first_value(every)
  for i = 1, #every > 1 and #every or 0 do
    if said ~= nil and not json.alike(said, every[i]) then return nil end
  end
  if contradicted(state, value, ids, said) then return nil end
  if said ~= nil then return said end
  if #state.owners == 0 then
    for i = 1, #state.names do theirs = theirs or object[state.names[i]] ~= nil end
  end
  return theirs and json.null or nil
end

-- `shaped`: a parameter of the caller's may have left something out, so what the answer lacks is unknown.
function Lookups:read(ask, id, answer, value, shaped)
  local made = { sets = {}, lists = {}, whole = {}, states = {}, size = 0 }
  for _, relation in ipairs(ask.relations) do
    local set, list = {}, { n = 0 }
    local place = ask.places[relation]
    for _, each in ipairs(M.at(value, place.pointer, nil, place.maps)) do
      local text = spelling.id(each)
      if text then
        set[text] = true
        list.n = list.n + 1
        list[list.n] = text
        made.size = made.size + 2 * #text + 80
      end
    end
    made.sets[relation], made.lists[relation] = set, list
    made.whole[relation] = not shaped and whole.is(ask.places[relation], answer, value)
  end
  for name, state in pairs(ask.states) do
    if not whole.failed(answer, value, state.home) then made.states[name] = state_in(state, value, id) end
    if shaped and made.states[name] == json.null then made.states[name] = nil end
  end
  return made
end

-- Whether an id is certainly not in the list of a relation, however it is spelt, and not as one of several
-- in a text of it either.
local function clear(known, relation, id)
  if not known.whole[relation] then return false end
  local list = known.lists[relation]
  if type(list[1]) == "string" then
    list = { spelling.all(spelling.spread(list)) }
    known.lists[relation] = list
  end
  return list[1] == nil or not spelling.among(id, list[1])
end

-- ---------------------------------------------------------------- what is believed

function Lookups:fresh(entry, era)
  if entry.era == era then return true end
  local marks, now = entry.marks, self.host.time()
  for i = 1, #marks, 2 do
    if self.shared:epoch(marks[i], now) ~= marks[i + 1] then return false end
  end
  entry.era = era
  return true
end

-- The marks of some ids as they are now: when one changes, what was believed of them is stale.
function Lookups:marks(ids)
  local now = self.host.time()
  local made = { mentions.EVERYBODY, self.shared:epoch(mentions.EVERYBODY, now) }
  for i = 1, #ids do
    local known_by = mentions.known_by(ids[i])
    made[2 * i + 1], made[2 * i + 2] = known_by, self.shared:epoch(known_by, now)
  end
  return made
end

-- Changes when any write begins or ends.
function Lookups:written()
  return self.shared:epoch(ERA, self.host.time())
end

-- While any write may be under way no two eras are the same: each mark is looked at.
function Lookups:era()
  local now = self.host.time()
  return self.shared:busy(ERA, now) and NEVER or self:written()
end

-- How often this worker has noticed that somebody wrote.
function Lookups:turns()
  local written = self:written()
  if written ~= self.seen then self.seen, self.turn = written, self.turn + 1 end
  return self.turn
end

-- The turn at which this worker noticed the last write about an id; the current turn for an id that is new
-- to it. The mark is read before the era, since a writer changes the era first.
function Lookups:since(id)
  id = mentions.known_by(id)
  local mark, seen = self.shared:epoch(id, self.host.time()), self.noted:get(id)
  local turn = self:turns()
  if not seen or seen.mark ~= mark then
    seen = { mark = mark, turn = turn }
    self.noted:put(id, seen)
  end
  return seen.turn
end

-- Whether what a list says of somebody in it is still so: a write of theirs may have changed it.
function Lookups:towards(entry, id)
  return self:since(id) <= entry.turn
end

-- The same for all ids of somebody.
function Lookups:towards_all(entry, ids)
  for i = 1, #ids do
    if not self:towards(entry, ids[i]) then return false end
  end
  return true
end

-- What is known of a question, or nil; then it is noted as missing unless it can never be asked. `owner`:
-- towards whom a list of the caller is asked for; `own`: whether a list is asked for the caller's ids in it.
function Lookups:known(i, id, owner, own)
  local ask, x = self.asks[i], self.x
  -- What was asked for nobody with one application's key is not believed for another's.
  local app = x.who.anonymous and x.carrying and (self.keyed(x.carrying) or "") .. "\0" or ""
  local key = ask.tag .. x.conditions.mark .. (ask.service and "" or x.who.token .. app) .. id
  -- What was found out for this request stays found out.
  if not x.known then x.known = {} end
  -- What may not be asked for this request is not believed for it either.
  if not conditions.fills(x.conditions, ask.look) then
    x.known[key] = FAILED
    return nil
  end
  local found = x.known[key]
  if found and found.missing and owner then self:since(owner) end
  if found and (not owner or found.missing or x.known[key .. "\0"] or self:towards(found, owner)) then
    return not found.failed and found or nil
  end
  found = self.believed:get(key)
  if found and found.expires > x.now and self:fresh(found, self:era())
    and (not owner or self:towards(found, owner)) and (not own or self:towards_all(found, x.who.list)) then
    x.known[key] = found
    return not found.failed and found or nil
  end
  -- Writes from now on are later than the answer that is asked for.
  if owner then self:since(owner) end
  for j = 1, own and #x.who.list or 0 do self:since(x.who.list[j]) end
  if not ask.placed or route.segment(id, ask.around) then
    local missing = x.missing
    if not missing then
      missing = {}
      x.missing = missing
    end
    local miss = { ask = ask, id = id, key = key }
    missing[#missing + 1] = miss
    x.known[key] = { failed = true, missing = miss }
  else
    x.known[key] = FAILED
  end
  return nil
end

function Lookups:relation(index, owner)
  local relation, who = self.plan.relations[index], self.x.who
  local i = relation.ask
  if not i or who.anonymous then return nil end
  if relation.of == "owner" then
    if not self.asks[i].placed then return nil end
    local known = self:known(i, owner, nil, true)
    if not known then return nil end
    local set = known.sets[index]
    local cleared = true
    for j = 1, #who.list do
      if set[who.list[j]] then return true end
      cleared = cleared and clear(known, index, who.list[j])
    end
    if cleared then return false end
    return nil
  end
  if not self.asks[i].placed then
    local known = self:known(i, "", owner)
    if not known then return nil end
    if known.sets[index][owner] then return true end
    if clear(known, index, owner) then return false end
    return nil
  end
  local all = true
  local held = false
  for j = 1, #who.list do
    local known = self:known(i, who.list[j], owner)
    if known and known.sets[index][owner] then held = true end
    if not known or not clear(known, index, owner) then all = false end
  end
  if held then return true end
  if all then return false end
  return nil
end

function Lookups:state_of(name, owner)
  local state = self.plan.states[name]
  if not state then return nil end
  local placed = self.asks[state.ask].placed
  if not placed and not self.x.who.ids[owner] then return nil end
  local known = self:known(state.ask, placed and owner or "")
  if not known then return nil end
  return known.states[name]
end

-- ---------------------------------------------------------------- asking

-- Before a judgement: whose it is. What one before noted as missing and did not ask for, as the rest decided,
-- may decide this one, and is missing still.
function Lookups:begin(x)
  for i = 1, x.missing and x.known and #x.missing or 0 do x.known[x.missing[i].key] = nil end
  x.missing = false
  self.x = x
end

-- `began`: when the API was asked, and may have found out what it answers.
function Lookups:learn(x, miss, answer, era, began)
  local value = M.readable(answer)
  x.lookups = x.lookups + 1
  local made
  if value == nil then x.failed = x.failed + 1 end
  if value == nil or whole.stale(answer, self.ttl) then
    made = { failed = true, expires = self.now() + min(self.ttl, NEGATIVE) }
  else
    made = self:read(miss.ask, miss.ask.placed and miss.id or "", answer, value, x.conditions.shaped)
    made.expires = began + self.ttl
  end
  made.era, made.marks, made.turn = era, miss.marks, miss.turn
  self.believed:put(miss.key, made)
  x.known[miss.key], x.known[miss.key .. "\0"] = made, made
end

-- Makes the look-ups that the last judgement lacked, within the budget. Returns whether it made any: judging
-- again may then show more.
function Lookups:inquire(x)
  local missing = x.missing
  if not missing then return false end
  x.missing = false
  local era, batch = self:era(), {}
  for i = 1, #missing do
    local miss = missing[i]
    local seconds = self:spend(x)
    if not seconds then break end
    local path = miss.ask.before .. (miss.ask.placed and route.segment(miss.id, miss.ask.around) or "")
    local question = self:question(x, path .. miss.ask.after, miss.ask.query,
      miss.ask.service and self.service or nil, miss.ask.look)
    question.timeout = seconds
    local about = { miss.ask.mark, miss.ask.placed and miss.id or nil }
    for j = 1, miss.ask.placed and 0 or #x.who.list do about[j + 1] = x.who.list[j] end
    miss.marks, miss.turn = self:marks(about), self:turns()
    if self.host.ask_all then
      batch[#batch + 1] = question
    else
      local began = self.now()
      self:learn(x, miss, self.host.ask(question), era, began)
      batch[i] = true
    end
  end
  if self.host.ask_all and #batch > 0 then
    local began = self.now()
    local answers = self.host.ask_all(batch, x.deadline - began)
    for i = 1, #batch do self:learn(x, missing[i], answers[i] or nil, era, began) end
  end
  return #batch > 0
end

-- ---------------------------------------------------------------- forgetting

-- What was believed about these ids is believed no more, by no worker. The era changes before their marks,
-- so that whoever takes a new mark for an old answer sees that there was a write, and after them, so that
-- whoever still finds the old marks does not take them to be those of the new era.
function Lookups:forget(ids)
  local now = self.host.time()
  self.shared:bump(ERA, now)
  for i = 1, #ids do self.shared:bump(mentions.known_by(ids[i]), now) end
  self.shared:bump(ERA, now)
end

-- The same, and what is found out from now on until a write about them must have ended is not believed
-- after that.
function Lookups:expect(ids)
  local now = self.host.time()
  local ends = now + self.patience
  self.shared:begin(ERA, ends, now)
  for i = 1, #ids do self.shared:begin(mentions.known_by(ids[i]), ends, now) end
  self.shared:begin(ERA, ends, now)
end

return M
