-- What is in the places of a request that name objects: the Lua of `guard/compiled/request_places.py`. A value that
-- cannot be read names an unknown object.

local conditions = require "oakum.tenant_selection"
local json = require "oakum.json"
local route = require "oakum.route"
local trim = require "oakum.trim"

local find, gmatch, gsub, lower, match, sub = string.find, string.gmatch, string.gsub, string.lower, string.match, string.sub

local M = {}

local UNREAD = {} -- no key is an object

local function byte_of(digits) return string.char(tonumber(digits, 16)) end

local function unquoted(text) return (gsub(text, "%%(%x%x)", byte_of)) end

local function begins(text) return find(text, "^[ \t\r\n]*[{%[]") ~= nil end

-- White space around the elements of a list in a header is none of theirs (RFC 9110, 5.6.1).
local function parts(text, mark, place, each)
  local at = 1
  while true do
    local stop = find(text, mark, at, true)
    local said = sub(text, at, (stop or #text + 1) - 1)
    each(place.where == "header" and trim.blanks(said) or said)
    if not stop then return end
    at = stop + #mark
  end
end

-- What stands at the end of a place in a value, from step `i` on; of lists there, each element.
local function ends(value, place, i, add)
  local step = place.inside[i]
  if step == nil then
    if json.is_array(value) then
      for k = 1, value.n do ends(value[k], place, i, add) end
    elseif place.names and json.is_object(value) then
      for name in pairs(value) do add(name) end
    elseif value ~= json.null then
      add(value)
    end
  elseif json.is_array(value) then
    for k = 1, step == "*" and value.n or 0 do ends(value[k], place, i + 1, add) end
  elseif json.is_object(value) then
    if step == "*" then
      for _, each in pairs(value) do ends(each, place, i + 1, add) end
    elseif value[step] ~= nil then
      ends(value[step], place, i + 1, add)
    end
  end
end

-- Tells `add` what stands at `place.inside` in a value.
function M.ends(value, place, add) ends(value, place, 1, add) end

-- What one text says at a place inside it: as JSON, or as a list, or as names and values.
local function within(text, place, add)
  if #place.inside == 0 and (place.mark == "" or not begins(text)) then
    if place.mark == "" then return add(text) end
    return parts(text, place.mark, place, add)
  end
  if begins(text) then
    local said = json.decode(text)
    if said == nil then return add(UNREAD) end
    return ends(said, place, 1, add)
  end
  local words, named = {}, true
  parts(text, place.mark ~= "" and place.mark or ",", place, function(word)
    words[#words + 1] = word
    named = named and find(word, "=", 1, true) ~= nil
  end)
  for i = 1, #words, named and 1 or 2 do
    local name, value = words[i], words[i + 1]
    if named then
      name, value = match(words[i], "^([^=]*)=(.*)$")
    end
    if name == place.inside[1] and value then add(value) end
  end
end

-- Whether brackets behind a name lead to a place: whatever stands for an element of a list does not count.
local function leads(brackets, place)
  local names, wanted = {}, {}
  for step in gmatch(brackets, "%[([^%[%]]*)%]") do
    if find(step, "%D") then names[#names + 1] = step end
  end
  for i = 1, #place.inside do
    if place.inside[i] ~= "*" then wanted[#wanted + 1] = place.inside[i] end
  end
  if #wanted == 0 then return true end
  return #names == #wanted and table.concat(names, "\0") == table.concat(wanted, "\0")
end

local readers = {}

function readers.body(carried, place, add)
  if carried.value ~= nil then ends(carried.value, place, 1, add) end
end

function readers.argument(carried, place, add)
  for _, each in ipairs(carried.arguments or {}) do
    if each[1] == place.name then add(each[2]) end
  end
end

-- Where the response has an error.
function readers.error(carried, place, add)
  if carried.failed then readers.argument(carried, place, add) end
end

function readers.query(carried, place, add)
  for piece in gmatch(carried.query or "", "[^&]+") do
    local name, text = route.halves(piece)
    if name == place.name then
      within(text, place, add)
    elseif name then
      local base, brackets = match(name, "^([^%[]*)(%[.*)$")
      if base == place.name and leads(brackets, place) then add(text) end
    end
  end
end

function readers.path(carried, place, add) within(carried.params[place.name], place, add) end

function readers.header(carried, place, add)
  for i = 1, #carried.headers do
    if lower(carried.headers[i][1]) == place.name then within(carried.headers[i][2], place, add) end
  end
end

-- Some servers decode a cookie.
function readers.cookie(carried, place, add)
  for i = 1, #carried.headers do
    for pair in gmatch(lower(carried.headers[i][1]) == "cookie" and carried.headers[i][2] or "", "[^;]+") do
      local name, text = match(pair, "^([^=]*)=(.*)$")
      if name and match(name, "^[ \t]*(.*)$") == place.name then
        text = match(text, "^.*[^ \t]") or ""
        within(text, place, add)
        local bare = unquoted(text)
        if bare ~= text then within(bare, place, add) end
      end
    end
  end
end

-- Adds the scalars at any depth; whether there were any.
local function scalars(value, add)
  local some = false
  if json.is_array(value) then
    for i = 1, value.n do some = scalars(value[i], add) or some end
  elseif json.is_object(value) then
    for _, each in pairs(value) do some = scalars(each, add) or some end
  elseif value ~= json.null then
    add(value)
    some = true
  end
  return some
end

local function is_empty(value)
  if json.is_array(value) then return value.n == 0 end
  return value == json.null or json.is_object(value) and next(value) == nil and value ~= UNREAD
end

-- The last step of a name that is a path.
local function last_of(name)
  local stop = #name
  while sub(name, stop, stop) == "]" do stop = stop - 1 end
  name = sub(name, 1, stop)
  return match(name, "^.*[.:/%[%]](.*)$") or name
end

local CLOSES, MARKS, STEPS = trim.bytes "%]", trim.bytes "[.:/%[%]]", trim.bytes "[^.:/%[%]]"

-- The step before the last of a name that is a path.
local function around_of(name)
  local last = trim.last_but(name, CLOSES)
  local between = trim.last_but(sub(name, 1, last), STEPS)
  if between == 0 then return last > 0 and last < #name and sub(name, 1, last) or nil end
  local ends = trim.last_but(sub(name, 1, between), MARKS)
  if ends == 0 then return nil end
  return sub(name, trim.last_but(sub(name, 1, ends), STEPS) + 1, ends)
end

local function plain(name) return lower((gsub(name, "[_-]", ""))) end

-- What a member names by its last step, alone or with the name of the object, or of the list, around it.
local function named(words, around, last)
  local own = plain(last)
  if words[own] or not around or around == "" then return words[own] end
  local outer = plain(around)
  return words[outer .. own] or (sub(outer, -1) == "s" and words[sub(outer, 1, -2) .. own]) or nil
end

-- What members of a value name at any depth, JSON in a text included. `known`: `words`, and `maps`, those of
-- them of which an object is a map whose names are the values.
local function worded(value, known, add, around)
  if json.is_array(value) then
    for i = 1, value.n do worded(value[i], known, add, around) end
  elseif json.is_object(value) then
    if value.op ~= nil and type(value.path) == "string" then -- JSON Patch (RFC 6902)
      local said = setmetatable({ n = 2, value.value or json.null, UNREAD }, json.array)
      worded({ [value.path] = said }, known, add, around)
    end
    for name, below in pairs(value) do
      local last = last_of(name)
      local one = named(known.words, around_of(name) or around, last)
      local function tell(said) add(one, said) end
      if not one then
        worded(below, known, add, last)
      elseif known.maps[plain(last)] and json.is_object(below) and next(below) ~= nil then
        for key, each in pairs(below) do
          tell(key)
          if json.is_object(each) then worded(each, known, add, last) else scalars(each, tell) end
        end
      elseif not scalars(below, tell) and not is_empty(below) then
        tell(UNREAD)
      end
    end
  elseif type(value) == "string" and begins(value) then
    local said = json.decode(value)
    if said == nil then
      -- Of what cannot be read in one way, each member may hold anything.
      said = {}
      for name in gmatch(value, '"([^"\\]*)"[ \t\r\n]*:') do said[name] = UNREAD end
    end
    worded(said, known, add, around)
  end
end

-- Whether a text that was not read has one of some words, any of which may be the name of a member.
local function speaks(text, words)
  for word in gmatch(text, "[%w_-]+") do
    if words[lower((gsub(word, "[_-]", "")))] then return true end
  end
  return false
end

-- Whether a body that was not read may name an object at one of the places of `plain`: a plain text without
-- any of their names does not.
function M.may_name(plain, carried)
  local words, text = plain.members, carried.unread or ""
  if not plain.body then return false end
  if words == json.null or not carried.is_text then return true end
  return speaks(text, words) or speaks(conditions.bare(text), words)
end

-- Tells `add` the resource of what a request names by keys alone, the key, and the place. `plain`: as in the plan;
-- `carried`: `query`, `params`, `headers`, `value` of its body or `unread` (`is_text`: it is a plain text), and
-- `arguments` of a GraphQL query, whose response has an error if it `failed`. Whether the query says any.
function M.each(plain, carried, add)
  local asked = false
  for i = 1, plain.places.n do
    local place = plain.places[i]
    readers[place.where](carried, place, function(said)
      asked = asked or place.where == "query"
      add(place.resource, said, place)
    end)
  end
  local words = plain.words
  if next(words) == nil then return asked end
  local unread = carried.unread or ""
  if plain.free and (speaks(unread, words) or speaks(conditions.bare(unread), words)) then add("", UNREAD) end
  for piece in gmatch(carried.query or "", "[^&]+") do
    local name, text = route.halves(piece)
    if name then worded(text, plain, add) end
  end
  for i = 1, plain.texts.n do
    local place = plain.texts[i]
    readers[place.where](carried, place, function(said) worded(said, plain, add) end)
  end
  if plain.free and carried.value ~= nil then worded(carried.value, plain, add) end
  return asked
end

return M
