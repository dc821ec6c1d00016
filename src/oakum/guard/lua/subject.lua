-- The object that a request is about to touch, as `oakum.decide` and `oakum.project` ask of it.

local json = require "oakum.json"
local spelling = require "oakum.id_spelling"

local M = {}

-- A text that can be no id names nobody.
local function add(owners, text)
  if not spelling.id(text) then return end
  for i = 1, owners.n do
    if owners[i] == text then return end
  end
  owners.n = owners.n + 1
  owners[owners.n] = text
end

-- An object of which only the owners are known.
function M.of(owners)
  local list = { n = 0 }
  for i = 1, #owners do add(list, owners[i]) end
  return { owners = list, owned = true, resource = "" }
end

-- `above`: owners of the object around it, where it is known.
local function owners_of(table_, value, endpoint, params, bearer, inside, above)
  local owners, kind, partly, said, odd = { n = 0 }, table_.owner, false, false, false
  if kind == "field" then
    for i = 1, #table_.paths do
      for _, found in ipairs(json.at(value, table_.paths[i])) do
        if found ~= json.null then said = true end
        local id = spelling.id(found)
        if id then add(owners, id) end
      end
      odd = odd or spelling.garbled(value, table_.paths[i], 1)
    end
    said = said or odd
    -- The path names the owner of what an endpoint shows, and not of what stands in that.
    if not said and not inside and params[endpoint.owner] then add(owners, params[endpoint.owner]) end
    for i = 1, said and table_.several and #table_.paths or 0 do
      partly = partly or odd or spelling.lacks(value, table_.paths[i], 1)
    end
  elseif kind == "path" then
    local names = endpoint.owner ~= "" and { endpoint.owner } or table_.params
    for i = 1, #names do
      if params[names[i]] then add(owners, params[names[i]]) end
    end
  elseif kind == "caller" then
    for i = 1, #bearer.list do add(owners, bearer.list[i]) end
  elseif kind == "parent" and above then
    partly = above.partly
    for i = 1, above.owners.n do add(owners, above.owners[i]) end
  end
  return owners, partly, said
end

-- Owners of what stands in an object of `table_`, which may stand in another one itself.
function M.around(table_, value, endpoint, params, bearer, above)
  local owners, partly = owners_of(table_, value, endpoint, params, bearer, above ~= nil, above)
  return { owners = owners, partly = partly }
end

local UNREAD = {}

-- Values of the states that the object says itself, by name: a list, which is none, of one that nobody can read,
-- and of several that differ.
local function states_of(table_, value)
  local found = {}
  for i = 1, #table_.states do
    local state = table_.states[i]
    if state.member then
      local every = json.at(value, state.member)
      local said = every[1]
      for k = 2, #every do
        if not json.alike(said, every[k]) and said ~= every[k] then said = UNREAD end
      end
      if said == nil and spelling.garbled(value, state.member, 1, true) then said = UNREAD end
      found[state.name] = said
    end
  end
  return found
end

-- An object that `endpoint` showed; `value` is decoded. `shown` and `set` are the tables of its resource,
-- by which it is seen and written; `inside`: it stands in an object of a resource.
function M.seen(shown, set, value, endpoint, params, bearer, inside, above)
  local owners, partly, said = owners_of(shown, value, endpoint, params, bearer, inside, above)
  return {
    owners = owners, partly = partly, said = said, owned = shown.owned,
    resource = shown.name, states = states_of(set, value),
    texts = function(_, segments)
      local out = { n = 0 }
      spelling.ids_at(value, segments, 1, out)
      return out
    end,
  }
end

return M
