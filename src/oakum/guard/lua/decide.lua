-- What a caller is to an object, in which state its owner is, and so which fields pass: the Lua of
-- `authz/relations.py`, `authz/table.py` and `authz/decide.py`.
--
-- Unknown is closed: what is not known of a relation stays unknown however many others it takes away
-- (nil; `authz/three_valued_logic.py` says why), and only a certain one shows anything. Nothing is looked up that
-- cannot change the answer: `settle` asks the table whether what is still unknown matters before
-- anybody is asked.

local json = require "oakum.json"
local spelling = require "oakum.id_spelling"
local bit = require "bit"

local band, bor, bnot, lshift = bit.band, bit.bor, bit.bnot, bit.lshift

local M = {}

-- ---------------------------------------------------------------- one relation

-- Whether one of some ids may stand in one of some texts, in whatever spelling.
local function named_among(ids, texts)
  if texts.n == 0 then return false end
  local these = spelling.all(spelling.spread(texts))
  for id in pairs(ids) do
    if spelling.among(id, these) then return true end
  end
  return false
end

-- Whether a text that may be a list of ids holds one of some texts: whole, and in parts only where both are
-- certainly lists. Two names or addresses share a word (`Acme Ltd`, `Zonk Ltd`) and are no lists.
local LIST = "[,;|%[{]"
local function may_list(ids, texts)
  for id in pairs(ids) do
    local parts = spelling.spread { n = 1, id }
    local others = { n = 0 }
    for i = 1, texts.n do
      local each = { n = 1, texts[i] }
      if id:find(LIST) and texts[i]:find(LIST) then each = spelling.spread(each) end
      for k = 1, each.n do others[others.n + k] = each[k] end
      others.n = others.n + each.n
    end
    local these = parts.n > 1 and spelling.all(others)
    for k = 2, parts.n do
      if spelling.among(parts[k], these) then return true end
    end
  end
  return false
end

-- What a token says at a claim's place, step by step into objects; nil: nothing stands there, and false
-- beside it where what leads there can be read.
local function claimed(claims, path)
  local said = claims
  for i = 1, #path do
    if not json.is_object(said) then return nil, said ~= nil and said ~= json.null end
    said = said[path[i]]
  end
  if said == json.null then said = nil end
  return said, false
end

-- Whether a text is a list of scopes with a space between any two (RFC 6749, 3.3; RFC 8693, 4.2); with
-- commas somebody may have meant another list.
local function is_scopes(text)
  return text ~= "" and not text:find '[%z\1-\31\127-\255",\\]' and not text:find "^ " and not text:find " $"
    and not text:find("  ", 1, true)
end

local function among_scopes(text, scope)
  return scope ~= nil and not scope:find(" ", 1, true) and (" " .. text .. " "):find(" " .. scope .. " ", 1, true) ~= nil
end

-- Whether a claim is, or contains, what it has to; nil: it cannot be read as one such value or a list of
-- them, or says it in another spelling.
local function claim(relation, claims)
  local said, unreadable = claimed(claims, relation.claim)
  if said == nil then
    if unreadable then return nil end
    return false
  end
  local listed, has, texts = json.is_array(said) and said or { n = 1, said }, relation.has, { n = 0 }
  for i = 1, listed.n do
    if json.same(listed[i], has) then return true end
  end
  if #relation.claim == 1 and relation.claim[1] == "scope" and type(said) == "string" and is_scopes(said) then
    return among_scopes(said, has.s)
  end
  for i = 1, listed.n do
    local each = listed[i]
    if each ~= json.null and not json.same_type(each, has) then return nil end
    if type(each) == "string" then
      texts.n = texts.n + 1
      texts[texts.n] = each
    end
  end
  if has.s and named_among({ [has.s] = true }, texts) then return nil end
  return false
end

-- The ids among the values of a claim that an object's member is compared with; nil: the claim cannot be read.
-- The second is whether all of its values are ids.
local function compared(relation, claims)
  local said, unreadable = claimed(claims, relation.claim)
  if said == nil then
    if unreadable then return nil end
    return {}, true
  end
  local listed, ids, whole = json.is_array(said) and said or { n = 1, said }, {}, true
  for i = 1, listed.n do
    local id = spelling.id(listed[i])
    if id then ids[id] = true else whole = false end
  end
  return ids, whole
end

-- What a relation says itself, of those that are the same towards each owner: true, false, or nil for
-- unknown. `subject` has `owners` (a list with `n`), `owned`, and `texts(path)`, the ids at a member path
-- of the object.
local function source(relation, know, subject)
  local kind = relation.kind
  if kind == "anyone" then return true end
  if kind == "authenticated" then return know.anonymous ~= true end
  if kind == "owner" then
    local owners, ids = subject.owners, know.ids
    for i = 1, owners.n do
      if ids[owners[i]] then return true end
    end
    if not next(ids) then return false end
    if subject.partly or (subject.owned and owners.n == 0) or named_among(ids, owners) then return nil end
    return false
  end
  if kind == "claim" then return claim(relation, know.claims) end
  local ids, whole = know.ids, true
  if relation.claim then
    ids, whole = compared(relation, know.claims)
    if not ids then return nil end
  end
  local otherwise = nil
  if whole then otherwise = false end
  if not next(ids) then return otherwise end
  local texts = subject.texts and subject:texts(relation.member)
  if not texts then return nil end
  for i = 1, texts.n do
    if ids[texts[i]] then return true end
  end
  if texts.gaps or named_among(ids, texts) then return nil end
  if relation.claim and may_list(ids, texts) then return nil end
  return otherwise
end

local function looked_up(index, know, subject, owner)
  if know.anonymous or not subject.owned then return false end
  if not owner then return nil end
  return know.related(index, owner)
end

-- Kleene's logic, as `authz/three_valued_logic.py`: whether something holds that another thing takes away.
local function without(own, taker)
  if own == false or taker == true then return false end
  if own == nil or taker == nil then return nil end
  return true
end

-- Whether two things hold together.
local function both(own, other)
  if own == false or other == false then return false end
  if own == nil or other == nil then return nil end
  return true
end

-- The same of one that nobody has to be asked about.
local function plainly(plan, relation, know, subject)
  local own = source(relation, know, subject)
  local requires = relation.requires
  for i = 1, requires.n do
    if own == false then break end
    own = both(own, plainly(plan, plan.relations[requires[i]], know, subject))
  end
  local unless = relation.unless
  for i = 1, unless.n do
    if own == false then break end
    own = without(own, plainly(plan, plan.relations[unless[i]], know, subject))
  end
  return own
end

-- Whether a relation holds towards each of `n` owners, which are numbers of those of the subject; one that
-- it does not name is 0. `whole`: as soon as it does not hold towards one, the others do not matter.
local function towards(plan, index, know, subject, owners, n, whole)
  local relation, values, left = plan.relations[index], {}, 0
  local lookup = relation.kind == "lookup"
  local own
  if not lookup then own = source(relation, know, subject) end
  for k = 1, n do
    if lookup then own = looked_up(index, know, subject, subject.owners[owners[k]]) end
    values[k] = own
    if own ~= false then left = left + 1 end
  end
  local unless, requires = relation.unless, relation.requires
  for i = 1, unless.n + requires.n do
    if left == 0 or (whole and left < n) then break end
    local other, change = unless[i], without
    if i > unless.n then other, change = requires[i - unless.n], both end
    local theirs, at = {}, {}
    for k = 1, n do
      if values[k] ~= false then
        at[#at + 1] = k
        theirs[#at] = owners[k]
      end
    end
    local found = towards(plan, other, know, subject, theirs, left)
    for k = 1, #at do
      local value = change(values[at[k]], found[k])
      values[at[k]] = value
      if value == false then left = left - 1 end
    end
  end
  return values
end

-- Whether the caller stands in a relation: true, false, or nil for not knowing. One that is looked up has to
-- hold towards every owner, so that one that takes it away does so if it holds towards any.
local function holds(plan, index, know, subject)
  local relation = plan.relations[index]
  if relation.cheap then return plainly(plan, relation, know, subject) end
  local owners, n = {}, subject.owners.n
  for k = 1, n do owners[k] = k end
  if subject.partly or n == 0 then
    n = n + 1
    owners[n] = 0
  end
  local values, all = towards(plan, index, know, subject, owners, n, true), true
  for k = 1, n do
    if values[k] == false then return false end
    if values[k] == nil then all = nil end
  end
  return all
end

-- Whether the caller certainly has one of some relations (a list of indices).
local function any(plan, list, know, subject)
  for i = 1, list.n do
    if plan.relations[list[i]].cheap and holds(plan, list[i], know, subject) then return true end
  end
  for i = 1, list.n do
    if not plan.relations[list[i]].cheap and holds(plan, list[i], know, subject) then return true end
  end
  return false
end
M.any = any

-- ---------------------------------------------------------------- the set of fields

-- Position of a value among a state's own, or one past the last: unknown.
local function digit(state, value)
  for i = 1, state.values.n do
    if json.same(value, state.values[i]) then return i - 1 end
  end
  return state.values.n
end
M.digit = digit

-- Which row decides, given the relations certainly held, those unknown, and the digits known (-1:
-- not looked at): a set of fields (from 1), or nil and what to find out next: a relation's place in
-- the table, or a state's (negative). Enumerates once per combination, then remembers.
local function undecided(table_, mask, unknown, digits)
  local key = mask * 262144 + unknown
  for i = 1, table_.states.n do key = key * (table_.states[i].values.n + 2) + digits[i] + 1 end
  local known = table_.memo[key]
  if known then return known end

  local codes = { 0 }
  for i = 1, table_.states.n do
    local more = {}
    for _, code in ipairs(codes) do
      local base = code * (table_.states[i].values.n + 1)
      if digits[i] >= 0 then
        more[#more + 1] = base + digits[i]
      else
        for value = 0, table_.states[i].values.n do more[#more + 1] = base + value end
      end
    end
    codes = more
  end
  local masks = { mask }
  for i = 0, table_.relations.n - 1 do
    if band(unknown, lshift(1, i)) ~= 0 then
      for j = 1, #masks do masks[#masks + 1] = bor(masks[j], lshift(1, i)) end
    end
  end
  local rows, stride = table_.rows, table_.stride
  local function same()
    local first = rows[masks[1] * stride + codes[1] + 1]
    for _, m in ipairs(masks) do
      for _, c in ipairs(codes) do
        if rows[m * stride + c + 1] ~= first then return nil end
      end
    end
    return first
  end
  local decided = same()
  local found = decided and decided + 1
  if not found then
    for i = 0, table_.relations.n - 1 do
      local one = lshift(1, i)
      if not found and band(unknown, one) ~= 0 then
        for _, m in ipairs(masks) do
          for _, c in ipairs(codes) do
            if rows[bor(m, one) * stride + c + 1] ~= rows[band(m, bnot(one)) * stride + c + 1] then
              found = -(i + 1)
            end
          end
        end
      end
    end
  end
  if not found then
    for i = 1, table_.states.n do
      if digits[i] < 0 then
        found = -(100 + i)
        break
      end
    end
  end
  if table_.memos < 4096 then
    table_.memos = table_.memos + 1
    table_.memo[key] = found
  end
  return found
end

-- What an account says of a setting, or the answer that is cut, where that is more closed (`know.told`); what
-- was found is noted, to be held against what the answer says.
local function with_told(path, owner, here, know)
  local told = know.told and know.told[path] and know.told[path][owner]
  if told and told > here then return told end
  know.looked = know.looked or {}
  know.looked[path] = know.looked[path] or {}
  know.looked[path][owner] = here
  return here
end

local function far(table_, i, know, subject)
  local state, owners = table_.states[i], subject.owners
  -- To be unset in an account is something else than not to know what is set there.
  local untold = state.elsewhere or (state.accounts and subject.owned)
  local unknown = untold and state.values.n or state.missing
  if owners.n == 0 or (subject.partly and untold) then return unknown end
  if subject.partly then
    -- Who is not named may have set in their account what the object does not say itself.
    for j = 1, owners.n do
      if know.state(state.far, owners[j]) ~= nil then return state.values.n end
    end
    return unknown
  end
  local most = -1
  for j = 1, owners.n do
    local value = know.state(state.far, owners[j])
    -- What an account does not set reads as the contract says; to know nothing of it is worse.
    local here = value == json.null and state.missing or value == nil and unknown or digit(state, value)
    if here == state.values.n and (value == nil or value == json.null) then return unknown end
    if value ~= nil then here = with_told(state.far, owners[j], here, know) end
    if here > most then most = here end
  end
  return most
end

-- The second is owned by whom no caller is: `who` takes no id with a zero byte.
local OWN, OTHER = { owned = true, owners = { n = 1 } }, { owned = true, owners = { n = 1, "\0" } }

local function certain(plan, table_, know, subject)
  local mask, relations = 0, table_.relations
  for i = 1, relations.n do
    if plan.relations[relations[i]].cheap and holds(plan, relations[i], know, subject) then
      mask = bor(mask, lshift(1, i - 1))
    end
  end
  return mask
end

-- The relations certainly held, of those that nobody has to be asked about. Unless the object names
-- somebody in a member of its own, they depend on nothing but whether the caller owns it, and so
-- are found out twice for a caller and not once for every object.
local function mask_of(plan, table_, know, subject)
  if table_.names_people then return certain(plan, table_, know, subject) end
  local known = know.masks
  if not known then
    known = {}
    know.masks = known
  end
  local both = known[table_]
  if not both then
    OWN.owners[1] = next(know.ids)
    OWN.owners.n = OWN.owners[1] and 1 or 0
    both = { certain(plan, table_, know, OWN), certain(plan, table_, know, OTHER) }
    known[table_] = both
  end
  local owners, ids = subject.owners, know.ids
  if owners.n == 1 then return ids[owners[1]] and both[1] or both[2] end
  for i = 1, owners.n do
    if ids[owners[i]] then return both[1] end
  end
  return both[2]
end

-- Whether some relations show something of every object, whatever its states (`Table.of_every`).
local function always_shows(table_, mask)
  local code = 0
  for i = 1, table_.states.n do
    local n = table_.states[i].values.n
    code = code * (n + 1) + n
  end
  return table_.certain[table_.rows[mask * table_.stride + code + 1]] or false
end

-- Whether the caller is shown something of any such object, whosever it is and however it is set.
function M.of_any(plan, table_, know)
  return always_shows(table_, certain(plan, table_, know, OTHER))
end

-- The same of one owner's, by all that the caller is to them.
function M.of_owner(plan, table_, know, owner)
  local subject = { owned = true, owners = { n = 1, owner } }
  local mask, relations = 0, table_.relations
  for i = 1, relations.n do
    if holds(plan, relations[i], know, subject) then mask = bor(mask, lshift(1, i - 1)) end
  end
  return always_shows(table_, mask)
end

local DIGITS = {}

local function search(plan, table_, know, subject, mask)
  local unknown, relations = table_.unknown, table_.relations
  local digits = DIGITS
  for i = 1, table_.states.n do
    digits[i] = subject.near and subject:near(i) or -1
  end
  -- Every round finds out one thing more, so there are at most as many as things to find out.
  for _ = 0, relations.n + table_.states.n do
    local found = undecided(table_, mask, unknown, digits)
    if found > 0 then return found end
    if found > -100 then
      local one = lshift(1, -found - 1)
      unknown = band(unknown, bnot(one))
      if holds(plan, relations[-found], know, subject) then mask = bor(mask, one) end
    else
      local i = -found - 100
      digits[i] = far(table_, i, know, subject)
    end
  end
  error("a table that does not settle")
end

-- Number (from 1) of the set of fields of `table_` that pass for this caller and object. `near(i)`
-- of the subject is the digit of state `i` as the object itself says it, or nil.
function M.settle(plan, table_, know, subject)
  local mask = mask_of(plan, table_, know, subject)
  if table_.simple and subject.near then
    -- One state or none, and nothing to look up: one row.
    local code = 0
    if table_.states.n == 1 then
      code = subject:near(1) or -1
      if code < 0 then return search(plan, table_, know, subject, mask) end
    end
    return table_.rows[mask * table_.stride + code + 1] + 1
  end
  return search(plan, table_, know, subject, mask)
end

-- ---------------------------------------------------------------- endpoints

local NOBODY = { owners = { n = 0 }, owned = false }
M.NOBODY = NOBODY
local OBJECT_KINDS = { owner = true, lookup = true, field = true }

-- Whether the contract lets this caller through the endpoint; `subject` nil: the object is not known.
function M.may_call(plan, endpoint_index, know, params, subject)
  local endpoint = plan.endpoints[endpoint_index]
  local call = endpoint.call
  if not call then return endpoint.anonymous or not know.anonymous end
  if not subject and endpoint.owner ~= "" and params[endpoint.owner] then
    subject = { owners = { n = 1, params[endpoint.owner] }, owned = true }
  end
  if not subject then
    local of_object, anyone = false, false
    for i = 1, call.n do
      local kinds = plan.relations[call[i]].kinds
      for j = 1, kinds.n do
        of_object = of_object or OBJECT_KINDS[kinds[j]] or false
        anyone = anyone or kinds[j] == "anyone"
      end
    end
    if of_object then return anyone or not know.anonymous end
  end
  return any(plan, call, know, subject or NOBODY)
end

local function near(subject, i)
  local state = subject.table.states[i]
  local value = subject.said and subject.said[state.name]
  if value == nil or value == json.null then return nil end
  return digit(state, value)
end

-- Whether a caller may set anything of what a request body may hold, of the object that it touches, as
-- `authz.decide.may_set`.
function M.may_set(plan, endpoint_index, know, _, object)
  local tables = plan.endpoints[endpoint_index].written
  for i = 1, tables.n do
    local table_ = tables[i]
    -- What another resource says of itself is not known of this one.
    local same = object.resource == table_.name
    local set = M.settle(plan, table_, know, {
      table = table_, owners = object.owners, owned = table_.owned, partly = object.partly or false,
      texts = same and object.texts or false, near = same and near or false, said = object.states,
    })
    local other = object.unlike and object.unlike[table_.name]
    if not other and not table_.zero[set] then return true end
  end
  return false
end

-- Whether a write may reach the object it touches, as `authz.decide.may_write`.
function M.may_write(plan, endpoint_index, know, params, subject)
  if not M.may_call(plan, endpoint_index, know, params, subject) then return false end
  local endpoint = plan.endpoints[endpoint_index]
  if endpoint.call or (endpoint.target.kind == "caller" and not (subject and subject.apart)) then return true end
  if not subject then return false end
  for i = 1, subject.owners.n do
    if know.ids[subject.owners[i]] then return true end
  end
  return M.may_set(plan, endpoint_index, know, params, subject)
end

-- Notes which relations are known without asking anybody: neither they, nor what takes them away, nor what
-- they require is looked up. Indices become those of Lua.
function M.prepare(plan)
  local function cheap(relation)
    if relation.cheap == nil then
      relation.cheap = relation.kind ~= "lookup"
      for _, others in ipairs { relation.unless, relation.requires } do
        for i = 1, others.n do
          if not cheap(plan.relations[others[i]]) then relation.cheap = false end
        end
      end
    end
    return relation.cheap
  end
  for i = 1, plan.relations.n do
    for _, others in ipairs { plan.relations[i].unless, plan.relations[i].requires } do
      for j = 1, others.n do others[j] = others[j] + 1 end
    end
  end
  for i = 1, plan.relations.n do cheap(plan.relations[i]) end
end

-- Whether a relation hangs on more of an object than whether it is the caller's own.
local function names_people(plan, relation, takes)
  if relation.kind == "field" or (takes and relation.kind == "owner") then return true end
  for i = 1, relation.unless.n do
    if names_people(plan, plan.relations[relation.unless[i]], true) then return true end
  end
  for i = 1, relation.requires.n do
    if names_people(plan, plan.relations[relation.requires[i]], takes) then return true end
  end
  return false
end

-- Notes of a table what `settle` wants to know at once; its relations count from 1 already.
function M.prepare_table(plan, table_)
  table_.unknown, table_.names_people = 0, false
  for i = 1, table_.relations.n do
    local relation = plan.relations[table_.relations[i]]
    if not relation.cheap then table_.unknown = bor(table_.unknown, lshift(1, i - 1)) end
    table_.names_people = table_.names_people or names_people(plan, relation, false)
  end
  table_.simple = table_.unknown == 0 and table_.states.n < 2
  table_.memo, table_.memos = {}, 0
end

return M
