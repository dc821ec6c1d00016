-- The only parser of `content-type` and `content-encoding`: the Lua of `routing/content_type.py`.
--
-- A body is forwarded with the media type that the guard judged it by, in the guard's own spelling. A
-- value is parsed by the whole grammar (RFC 9110, 8.3.1 and 5.6.6) or not at all, and one that another
-- parser might read otherwise is refused (CWE-436).

local trim = require "oakum.trim"

local find, gmatch, lower, match, sub =
  string.find, string.gmatch, string.lower, string.match, string.sub
local concat = table.concat

local M = {}

local TOKEN = "[!#$%%&'*+.^_`|~0-9A-Za-z-]+"
local TYPE = "^[ \t]*(" .. TOKEN .. ")/(" .. TOKEN .. ")()"
local NAME = "^(" .. TOKEN .. ")=()"
local BARE = "^(" .. TOKEN .. ")()"
local QUOTED = '^"([^"\\]*)"()'
-- What the value of a parameter may be: nobody cuts a text at one of these.
local PLAIN = "^[!#$%%&'*+.^_`|~0-9A-Za-z/:?@()-]+$"
-- RFC 2046, 5.1.1, but for the comma and the space.
local BOUNDARY = "^[0-9A-Za-z'()+_./:=?-]+$"
-- Names that say how a body is read; one that only holds such a name is not read.
local AT_HEART = { "charset", "boundary", "encoding" }

-- The value of a parameter as it goes on; nil: it might be read as another.
local function value_of(name, value)
  if find(name, "*", 1, true) then return nil end
  for i = 1, #AT_HEART do
    if name ~= AT_HEART[i] and find(name, AT_HEART[i], 1, true) then return nil end
  end
  if name == "boundary" then
    return #value <= 70 and match(value, BOUNDARY) or nil
  end
  if not find(value, PLAIN) then return nil end
  if name == "charset" then
    value = lower(value)
    return value == "utf8" and "utf-8" or value
  end
  return value
end

-- Parameters from `at` on: names in order and values by name, or nil.
local function parameters(text, at)
  local names, values, n = {}, {}, 0
  while true do
    local past = match(text, "^[ \t]*;[ \t]*()", at)
    if not past then break end
    at = past
    local name, equals = match(text, NAME, at)
    if name then
      local value, after = match(text, BARE, equals)
      if not value then value, after = match(text, QUOTED, equals) end
      if not value then return nil end
      name = lower(name)
      value = value_of(name, value)
      if not value or values[name] then return nil end
      n = n + 1
      names[n], values[name] = name, value
      at = after
    end
  end
  if find(text, "[^ \t]", at) then return nil end
  return names, values
end

-- Reads a value: nil, or `type` in lower case, `text` (the value as the guard writes it), `charset` or
-- nil, and whether its text is UTF-8 as far as it says.
function M.read(text)
  local kind, below, at = match(text, TYPE)
  if not kind then return nil end
  local names, values = parameters(text, at)
  if not names then return nil end
  kind = lower(kind .. "/" .. below)
  if (sub(kind, 1, 10) == "multipart/") ~= (values.boundary ~= nil) then return nil end
  local parts = { kind }
  for i = 1, #names do
    local value = values[names[i]]
    if not find(value, "^" .. TOKEN .. "$") then value = '"' .. value .. '"' end
    parts[i + 1] = names[i] .. "=" .. value
  end
  local charset = values.charset
  return {
    type = kind, boundary = values.boundary, text = concat(parts, "; "), charset = charset,
    utf8 = charset == nil or charset == "utf-8", params = values,
  }
end

-- Whether a media type without parameters is JSON (RFC 8259, RFC 6839).
function M.is_json(kind)
  return kind == "application/json" or sub(kind, -5) == "+json"
end

-- What JSON that is not declared is taken for: the only JSON type there is.
local ALONE = {}

-- Declared media types, as the plan spells them, by their types: lists of parameters and what is
-- declared (the Lua of `authz/declared_media.py`).
function M.index(declared)
  local made, alone, n = {}, nil, 0
  for name, value in pairs(declared) do
    local kind = match(name, "^[^;]*")
    local each = { params = {}, n = 0, value = value }
    for word, said in gmatch(name, "; ([^=]*)=([^;]*)") do
      each.params[word], each.n = said, each.n + 1
    end
    local alike = made[kind] or {}
    made[kind], alike[#alike + 1] = alike, each
    if M.is_json(kind) then alone, n = value, n + 1 end
  end
  if n == 1 then made[ALONE] = alone end
  return made
end

-- Whether `said` has all of these parameters with these values; `lax`: whether it contradicts none.
local function fits(params, said, lax)
  for name, value in pairs(params) do
    if said[name] ~= value and not (lax and said[name] == nil) then return false end
  end
  return true
end

-- Of media types that differ in parameters only: the one with the most parameters, if `said` has them all.
-- A single media type also fits if `said` leaves parameters out and contradicts none.
local function fitting(alike, said)
  local best, count = nil, 0
  for i = 1, #alike do
    local each = alike[i]
    if fits(each.params, said) and (not best or each.n >= best.n) then
      count = best and each.n == best.n and count + 1 or 1
      best = each
    end
  end
  if not best and #alike == 1 and fits(alike[1].params, said, true) then best, count = alike[1], 1 end
  return count == 1 and best or nil
end

-- What is declared for a media type that was read, or nil: for itself, else for a range.
function M.choose(index, said)
  local kind = said.type
  local top = match(kind, "^[^/]*")
  local wanted = { kind, sub(kind, -5) == "+json" and top .. "/*+json" or kind, top .. "/*", "*/*" }
  for i = 1, 4 do
    local alike = index[wanted[i]]
    local found = alike and fitting(alike, said.params)
    if found then return found.value end
  end
  return M.is_json(kind) and index[ALONE] or nil
end

-- Whether a `content-encoding` leaves the bytes as they are.
function M.plain(coding)
  if not coding or coding == "" then return true end
  local said = lower(trim.blanks(coding))
  return said == "identity" or said == ""
end

return M
