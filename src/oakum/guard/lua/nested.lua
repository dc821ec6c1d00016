-- Object and list parameters: what the document declares inside a query parameter or form name. The Lua
-- of `routing/nested_parameters.py`.
--
-- Only declared members are forwarded.

local json = require "oakum.json"

local find, sub = string.find, string.sub

local M, NONE = {}, {}

-- What stands in each of some brackets; nil: they are none.
local function segments_of(part)
  local found, at = {}, 1
  while at <= #part do
    local from, past, said = find(part, "^%[([^%[%]]*)%]", at)
    if not from then return nil end
    found[#found + 1], at = said, past + 1
  end
  return found
end

-- What may stand in brackets behind a place, or nil.
local function step(at, segment)
  if at.members[segment] then return at.members[segment] end
  if at.anything then return at end
  if at.each and find(segment, "^%d*$") then return at.each end
  return segment ~= "" and at.rest or nil
end

-- Whether a decoded value is declared with all that is in it.
local function holds(at, value)
  if at.anything and next(at.members) == nil then return true end
  if json.is_array(value) then
    local each = at.anything and at or at.each
    for i = 1, value.n do
      if not each or not holds(each, value[i]) then return false end
    end
    return each ~= nil
  end
  if json.is_object(value) then
    for name, said in pairs(value) do
      local below = at.members[name] or at.anything and at or at.rest
      if not below or not holds(below, said) then return false end
    end
    return true
  end
  return at.scalar or at.anything or value == json.null
end

-- Whether a double holds every number in a decoded value.
local function is_finite(value)
  if getmetatable(value) == json.number then return json.is_finite(value.text) end
  for i = 1, json.is_array(value) and value.n or 0 do
    if not is_finite(value[i]) then return false end
  end
  for _, each in pairs(json.is_object(value) and value or NONE) do
    if not is_finite(each) then return false end
  end
  return true
end

-- Names and values with a text between them, as an object; nil: they are none.
local function paired(value, between)
  local made, name, at = {}, nil, 1
  while true do
    local stop = find(value, between, at, true)
    local word = sub(value, at, (stop or #value + 1) - 1)
    if name == nil then
      if made[word] ~= nil then return nil end
      name = word
    else
      made[name], name = word, nil
    end
    if not stop then return name == nil and made or nil end
    at = stop + #between
  end
end

local function is_declared(within, value)
  local bare = within.bare
  if bare == "anything" then return true end
  if bare == "nothing" then return false end
  local said
  if bare == "json" then said = json.decode(value) else said = paired(value, bare) end
  if said == nil or not is_finite(said) or not holds(within.below, said) then return nil end
  return true
end

-- Whether a piece goes on, and whether it may stand again; nil: its value cannot be read in one way, or
-- holds what nobody declared. `part`: the brackets behind the name, if there are any.
function M.admits(within, part, value)
  if part == "" then return is_declared(within, value), false end
  local at = within.brackets and within.below or nil
  if at and at.anything and next(at.members) == nil then return true, false end
  local segments, before = segments_of(part), nil
  if not at or not segments then return false, false end
  for i = 1, #segments do
    before, at = at, step(at, segments[i])
    if not at then return false, false end
  end
  local many = before.each == at
  return at.scalar or at.anything or at.each ~= nil, many or at.each ~= nil
end

return M
