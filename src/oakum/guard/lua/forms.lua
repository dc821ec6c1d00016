-- Form bodies that hold a resource, read as the JSON object with the same members: the Lua of
-- `guard/form_bodies.py`.
--
-- Each member occurs once, by its plain name; only a list repeats its name, or stands in one text if the
-- document says how. What some servers read
-- otherwise is refused before. A member that holds an object is not read from a form.

local json = require "oakum.json"
local parts = require "oakum.parts"
local route = require "oakum.route"

local M = {}

local LONGEST = 1024 -- of a text that may be a key; what is longer stands for itself as an empty one

local function short(text)
  return #text <= LONGEST and json.utf8_valid(text) and text or ""
end

-- Names and texts of a body in order, or nil.
local function pairs_in(form, kind, text, boundary)
  local names, texts = {}, {}
  if kind == parts.FORM then
    if route.query(text, form.names, form.lists, {}, {}) == false then return nil end
    for piece in text:gmatch "[^&]+" do
      local name, value = route.halves(piece)
      if not name or not value then return nil end
      names[#names + 1], texts[#texts + 1] = name, short(value)
    end
    return names, texts
  end
  local found, contents = parts.of_parts(text, boundary)
  for i = 1, found and #found or 0 do texts[i] = short(contents[i]) end
  return found, texts
end

-- An integer in a body, or nil: in a form everything is a text.
local function integer(text)
  local digits = text:match "^%-?([1-9]%d*)$"
  return (text:find "^%-?0$" or (digits and #digits <= 30)) and text or nil
end

-- The object that a body says, as JSON; nil: it can be read in more ways than one.
function M.as_json(form, kind, text, boundary)
  local names, texts = pairs_in(form, kind, text, boundary)
  if not names then return nil end
  local said, order = {}, {}
  for i = 1, #names do
    local name = names[i]
    if not said[name] then
      order[#order + 1], said[name] = name, {}
    elseif not form.lists[name] then
      return nil
    end
    local list, mark, at = said[name], form.marks[name], 1
    repeat
      local stop = mark and texts[i]:find(mark, at, true)
      local text = texts[i]:sub(at, (stop or 0) - 1)
      list[#list + 1] = form.numbers[name] and integer(text) or json.quote(text)
      at = stop and stop + #mark
    until not stop
  end
  local members = {}
  for i = 1, #order do
    local name = order[i]
    local value = table.concat(said[name], ",")
    if form.lists[name] then value = "[" .. value .. "]" end
    members[i] = json.quote(name) .. ":" .. value
  end
  return "{" .. table.concat(members, ",") .. "}"
end

-- The body with the members of an object only; nil: it cannot be cut.
function M.left(kind, text, object)
  if kind ~= parts.FORM then return nil end
  local kept = {}
  for piece in text:gmatch "[^&]+" do
    if object[route.halves(piece)] ~= nil then kept[#kept + 1] = piece end
  end
  return table.concat(kept, "&")
end

return M
