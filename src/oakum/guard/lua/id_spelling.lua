-- Ids that are not the same and may be: the Lua of `authz.id_spelling.spelling` and `alike`.

local json = require "oakum.json"

local find, gmatch, gsub, lower, sub = string.find, string.gmatch, string.gsub, string.lower, string.sub

local M = {}

-- A value that can be an id, as text; nil: it is none.
function M.id(value)
  local text = json.text(value)
  if text and find(text, "[^%z\1-\32\127]") then return text end
  return nil
end

-- Puts the ids at the rest of a member path (from segment `i` on) into a list, those of a list that
-- stands there too; `out.gaps` when something is missing or is none.
function M.ids_at(value, segments, i, out)
  local segment = segments[i]
  if not segment then
    local list = json.is_array(value) and value or { n = 1, value }
    for k = 1, list.n do
      local id = M.id(list[k])
      if id then
        out.n = out.n + 1
        out[out.n] = id
      else
        out.gaps = true
      end
    end
  elseif segment == "*" and json.is_array(value) then
    for k = 1, value.n do M.ids_at(value[k], segments, i + 1, out) end
  elseif segment == "*" and json.is_object(value) then
    for _, each in pairs(value) do M.ids_at(each, segments, i + 1, out) end
  elseif json.is_object(value) and value[segment] ~= nil then
    M.ids_at(value[segment], segments, i + 1, out)
  else
    out.gaps = true
  end
end

-- Whether a member on the rest of a path is not there; `null` is.
function M.lacks(value, segments, i)
  local segment = segments[i]
  if not segment or value == json.null then return false end
  if segment == "*" then
    if json.is_array(value) then
      for k = 1, value.n do
        if M.lacks(value[k], segments, i + 1) then return true end
      end
      return false
    end
    if not json.is_object(value) then return true end
    for _, each in pairs(value) do
      if M.lacks(each, segments, i + 1) then return true end
    end
    return false
  end
  if not json.is_object(value) or value[segment] == nil then return true end
  return M.lacks(value[segment], segments, i + 1)
end

-- Whether something stands at the rest of a path, or on the way to it, that can be read neither as an id nor
-- as the word that there is none: null, an empty text, or nothing in an object or list. `way`: only on the
-- way, where a text may stand in the place of an object.
function M.garbled(value, segments, i, way)
  local segment = segments[i]
  if value == json.null or (type(value) == "string" and not M.id(value)) then return false end
  if not segment then return not way and M.id(value) == nil end
  if json.is_array(value) then
    for k = 1, segment == "*" and value.n or 0 do
      if M.garbled(value[k], segments, i + 1, way) then return true end
    end
    return segment ~= "*" and value.n > 0
  end
  if not json.is_object(value) then return true end
  if segment ~= "*" then
    return value[segment] ~= nil and M.garbled(value[segment], segments, i + 1, way)
  end
  for _, each in pairs(value) do
    if M.garbled(each, segments, i + 1, way) then return true end
  end
  return false
end

-- An integer that is written with an exponent, without it; anything else as it is.
local function expanded(plain)
  local int, rest = plain:match "^%+?(%d+)(.*)$"
  if not int then return plain end
  local part, sign, power = rest:match "^%.?(%d*)e([+-]?)(%d%d?)$"
  if not part or (part ~= "" and sub(rest, 1, 1) ~= ".") then return plain end
  local point = #int + (sign == "-" and -1 or 1) * tonumber(power)
  local digits, at = int .. part, math.max(point, 0)
  if find(sub(digits, at + 1), "[^0]") then return plain end
  local whole = sub(digits, 1, at) .. ("0"):rep(at - #digits)
  return whole:match "^0*(%d+)$" or "0"
end

-- How an id begins and ends, and whether that is all of it: case, spaces, a plus, leading zeros, an
-- exponent, the dashes of a UUID and what stands in front of a last `/`, `:` or `#` are no part of it, and a letter
-- beyond ASCII stands for any text.
local function spelling(id)
  local plain = gsub(gsub(id, "[%z\1-\32\127]", ""), "[/:#]+$", "")
  plain = lower(plain:match "[^/:#]+$" or plain)
  local wide = find(plain, "[\128-\255]")
  if wide then return sub(plain, 1, wide - 1), plain:match "[%z\1-\127]*$", false end
  local number = plain:match "^%+?0*(%d+)$" or plain:match "^%+?0*(%d+)%.0*$"
  local packed = not number and gsub(plain, "[{}-]", "")
  local key = number or (#packed == 32 and find(packed, "^[0-9a-f]+$") and packed) or expanded(plain)
  return key, key, true
end

-- The spellings of a list of ids, to hold others against.
function M.all(list)
  local made = { exact = {}, spelt = {}, wide = {} }
  for i = 1, #list do
    local first, last, whole = spelling(list[i])
    local each = { first, last }
    made.spelt[i] = each
    if whole then made.exact[first] = true else made.wide[#made.wide + 1] = each end
  end
  return made
end

local function starts(text, with) return sub(text, 1, #with) == with end
local function ends(text, with) return with == "" or sub(text, -#with) == with end

-- Whether an id may be one of these, in another spelling.
function M.among(id, these)
  local first, last, whole = spelling(id)
  if whole and these.exact[first] then return true end
  local against = whole and these.wide or these.spelt
  for i = 1, #against do
    local a, z = against[i][1], against[i][2]
    if (starts(a, first) or starts(first, a)) and (ends(z, last) or ends(last, z)) then return true end
  end
  return false
end

local PART = "[^%z\1-\32\127,;|&\"'`<>()%[%]{}\\/:#=*!?]+"

-- Some texts, and what may be ids in them, if they are lists of them: exports write `1,3`, `1;3`, `|1|`,
-- `["1"]`, `{1}` or `3 1` into the one place that they have.
function M.spread(texts)
  local made = { n = 0 }
  for i = 1, texts.n do
    local text, n = texts[i], made.n + 1
    made[n] = text
    if find(text, "[^%w]") then
      for part in gmatch(text, find(text, "[%a\128-\255]") and PART or "%d+") do
        n = n + 1
        made[n] = part
      end
    end
    made.n = n
  end
  return made
end

return M
