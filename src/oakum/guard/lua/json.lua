-- Strict JSON (RFC 8259), read in exactly one way or not at all: no byte order mark, no duplicate
-- member, no invalid UTF-8, no trailing data, at most 100 levels, as `authz/strict_json.py` reads it.
-- For small texts (a plan, the answer of a look-up, the claims of a token); bodies are cut by
-- `oakum.project`, which builds no values.


local byte, sub, find, char = string.byte, string.sub, string.find, string.char
local concat = table.concat

local M = {}

M.MAX_DEPTH = 100
local MAX_DIGITS = 4300 -- beyond it the reference does not read an integer

M.null = setmetatable({}, { __tostring = function() return "null" end })
M.array = {}
M.number = {}

-- ---------------------------------------------------------------- texts

-- Whether all of a text is UTF-8 (RFC 3629): no overlong form, no surrogate, nothing past U+10FFFF.
local function utf8_valid(s)
  local at, last = 1, #s
  while true do
    at = find(s, "[\128-\255]", at)
    if not at then return true end
    local b1, b2, b3, b4 = byte(s, at, at + 3)
    local size
    if b1 >= 0xC2 and b1 <= 0xDF then
      size = 2
    elseif b1 >= 0xE0 and b1 <= 0xEF then
      size = 3
      if b1 == 0xE0 and (b2 or 0) < 0xA0 then return false end
      if b1 == 0xED and (b2 or 0) > 0x9F then return false end
    elseif b1 >= 0xF0 and b1 <= 0xF4 then
      size = 4
      if b1 == 0xF0 and (b2 or 0) < 0x90 then return false end
      if b1 == 0xF4 and (b2 or 0) > 0x8F then return false end
    else
      return false
    end
    if at + size - 1 > last then return false end
    if b2 < 0x80 or b2 > 0xBF then return false end
    if size > 2 and (b3 < 0x80 or b3 > 0xBF) then return false end
    if size > 3 and (b4 < 0x80 or b4 > 0xBF) then return false end
    at = at + size
  end
end
M.utf8_valid = utf8_valid

local ESCAPES = {
  ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t",
}

local function utf8_char(code)
  if code < 0x80 then return char(code) end
  if code < 0x800 then return char(0xC0 + math.floor(code / 64), 0x80 + code % 64) end
  if code < 0x10000 then
    return char(0xE0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
  end
  return char(0xF0 + math.floor(code / 262144), 0x80 + math.floor(code / 4096) % 64,
    0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
end

-- The text that the inside of a JSON string stands for; nil when an escape is none of JSON's.
-- A surrogate without its other half becomes three bytes of its own: equal names stay equal.
local function unescape(s)
  local parts, n, at = {}, 0, 1
  while true do
    local slash = find(s, "\\", at, true)
    if not slash then break end
    n = n + 1
    parts[n] = sub(s, at, slash - 1)
    local kind = sub(s, slash + 1, slash + 1)
    local plain = ESCAPES[kind]
    n = n + 1
    if plain then
      parts[n] = plain
      at = slash + 2
    elseif kind == "u" then
      if not find(s, "^%x%x%x%x", slash + 2) then return nil end
      local code = tonumber(sub(s, slash + 2, slash + 5), 16)
      at = slash + 6
      if code >= 0xD800 and code <= 0xDBFF and find(s, "^\\u[dD][c-fC-F]%x%x", at) then
        local low = tonumber(sub(s, at + 2, at + 5), 16)
        code = 0x10000 + (code - 0xD800) * 0x400 + (low - 0xDC00)
        at = at + 6
      end
      parts[n] = utf8_char(code)
    else
      return nil
    end
  end
  parts[n + 1] = sub(s, at)
  return concat(parts)
end
M.unescape = unescape

-- ---------------------------------------------------------------- values

local value -- forward: values nest

-- LuaJIT compiles no search for a pattern, so there is one only where a space is.
local function skip(s, at)
  local b = byte(s, at)
  if b and b > 32 then return at end
  return find(s, "[^ \t\n\r]", at) or #s + 1
end

local CONTROL = "[%z\1-\31]"
local PRINTED = true -- the text that is read has no control character anywhere

-- The end of a string whose opening quote stands at `at`, its text, or nil.
local function text_at(s, at)
  local from = at + 1
  while true do
    local quote = find(s, '"', from, true)
    if not quote then return nil end
    local slashes = 0
    while byte(s, quote - 1 - slashes) == 92 and quote - 1 - slashes > at do slashes = slashes + 1 end
    if slashes % 2 == 0 then
      local inside = sub(s, at + 1, quote - 1)
      if not PRINTED and find(inside, CONTROL) then return nil end
      if find(inside, "\\", 1, true) then inside = unescape(inside) end
      return inside, quote + 1
    end
    from = quote + 1
  end
end

-- A plan is full of indexes: integers of few digits.
local function index_at(s, at)
  local b = byte(s, at)
  if not b or b < 49 or b > 57 then return nil end
  local made, last = b - 48, at
  while last < at + 8 do
    b = byte(s, last + 1)
    if not b or b < 48 or b > 57 then
      if b == 46 or b == 69 or b == 101 then return nil end -- a fraction, an exponent
      return made, last + 1
    end
    made, last = made * 10 + b - 48, last + 1
  end
end

local function number_at(s, at, plain)
  if plain then
    local made, past = index_at(s, at)
    if made then return made, past end
  end
  local _, last = find(s, "^%-?%d+", at)
  if not last then return nil end
  local first = byte(s, at) == 45 and at + 1 or at
  if byte(s, first) == 48 and last > first then return nil end
  local int = true
  local _, fraction = find(s, "^%.%d+", last + 1)
  if fraction then last, int = fraction, false end
  local _, exponent = find(s, "^[eE][-+]?%d+", last + 1)
  if exponent then last, int = exponent, false end
  local digits = sub(s, at, last)
  if int and last - first + 1 > MAX_DIGITS then return nil end
  if plain then return tonumber(digits), last + 1 end
  return setmetatable({ text = digits, int = int }, M.number), last + 1
end

-- Whether a double holds a number, given its digits. Some APIs keep what is beyond as infinity, and then
-- write what is no JSON.
function M.is_finite(digits) return math.abs(tonumber(digits)) < math.huge end

local function object_at(s, at, depth, plain)
  local made = {}
  at = skip(s, at + 1)
  if byte(s, at) == 125 then return made, at + 1 end
  while true do
    if byte(s, at) ~= 34 then return nil end
    local name, after = text_at(s, at)
    if not name or made[name] ~= nil then return nil end
    at = skip(s, after)
    if byte(s, at) ~= 58 then return nil end
    local each, past = value(s, skip(s, at + 1), depth + 1, plain)
    if each == nil then return nil end
    made[name] = each
    at = skip(s, past)
    local b = byte(s, at)
    if b == 125 then return made, at + 1 end
    if b ~= 44 then return nil end
    at = skip(s, at + 1)
  end
end

local function array_at(s, at, depth, plain)
  local made, n = setmetatable({}, M.array), 0
  at = skip(s, at + 1)
  if byte(s, at) ~= 93 then
    while true do
      local each, past = value(s, at, depth + 1, plain)
      if each == nil then return nil end
      n = n + 1
      made[n] = each
      at = skip(s, past)
      local b = byte(s, at)
      if b == 93 then break end
      if b ~= 44 then return nil end
      at = skip(s, at + 1)
    end
  end
  made.n = n
  return made, at + 1
end

local WORDS = { [116] = { "true", true }, [102] = { "false", false }, [110] = { "null", M.null } }

function value(s, at, depth, plain)
  if depth > M.MAX_DEPTH then return nil end
  local b = byte(s, at)
  if b == 34 then return text_at(s, at) end
  if b == 123 then return object_at(s, at, depth, plain) end
  if b == 91 then return array_at(s, at, depth, plain) end
  local word = WORDS[b]
  if word then
    local last = at + #word[1] - 1
    if sub(s, at, last) ~= word[1] then return nil end
    return word[2], last + 1
  end
  return number_at(s, at, plain)
end

local function read(s, plain)
  if type(s) ~= "string" then return nil, "not UTF-8" end
  PRINTED = not find(s, "[^\32-\127]")
  if not PRINTED then
    if not utf8_valid(s) then return nil, "not UTF-8" end
    PRINTED = not find(s, CONTROL)
  end
  local made, past = value(s, skip(s, 1), 0, plain)
  if made == nil then return nil, "not JSON" end
  if skip(s, past) <= #s then return nil, "data after the end of the value" end
  return made
end

-- A value, or nil and why. Numbers keep their digits: `{text = "12", int = true}`; lists know their
-- length: `{n = 2, …}`; `null` is `json.null`.
function M.decode(s) return read(s, false) end

-- The same with numbers of Lua: for texts that Oakum wrote itself.
function M.plain(s) return read(s, true) end

function M.is_array(v) return getmetatable(v) == M.array end

function M.is_object(v)
  return type(v) == "table" and v ~= M.null and getmetatable(v) == nil
end

-- ---------------------------------------------------------------- questions to values

-- An id as text: a string, or the digits of an integer; nil for anything else.
function M.text(v)
  if type(v) == "string" then return v end
  if getmetatable(v) == M.number and v.int then
    return v.text == "-0" and "0" or v.text
  end
  return nil
end

local function below(v, segment, out)
  if M.is_array(v) then
    if segment == "*" then
      for i = 1, v.n do out[#out + 1] = v[i] end
    end
  elseif M.is_object(v) then
    if segment == "*" then
      for _, each in pairs(v) do out[#out + 1] = each end
    elseif v[segment] ~= nil then
      out[#out + 1] = v[segment]
    end
  end
end

-- Values at a path; `*` stands for every element or map value.
function M.at(v, segments)
  local found = { v }
  for i = 1, segments.n or #segments do
    local next_found = {}
    for j = 1, #found do below(found[j], segments[i], next_found) end
    found = next_found
  end
  return found
end

-- Whether a value is a scalar of the plan (`{s}`, `{i}`, `{f}`, `{b}`), of the same type too.
function M.same(v, scalar)
  if type(v) == "string" then return scalar.s ~= nil and v == scalar.s end
  if type(v) == "boolean" then return scalar.b ~= nil and v == scalar.b end
  if getmetatable(v) == M.number then
    if v.int then return scalar.i ~= nil and M.text(v) == scalar.i end
    return scalar.f ~= nil and tonumber(v.text) == scalar.f
  end
  return false
end

-- Whether a value is of the type of a scalar of the plan.
function M.same_type(v, scalar)
  if type(v) == "string" then return scalar.s ~= nil end
  if type(v) == "boolean" then return scalar.b ~= nil end
  if getmetatable(v) ~= M.number then return false end
  if v.int then return scalar.i ~= nil end
  return scalar.f ~= nil
end

-- Whether two values are one scalar, of the same type too.
function M.alike(a, b)
  if getmetatable(a) == M.number and getmetatable(b) == M.number then
    if a.int ~= b.int then return false end
    if a.int then return M.text(a) == M.text(b) end
    return tonumber(a.text) == tonumber(b.text)
  end
  return a == b and (type(a) == "string" or type(a) == "boolean")
end

local QUOTED = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function escaped(c)
  return QUOTED[c] or string.format("\\u%04x", byte(c))
end

-- A JSON string literal. What is no UTF-8 is replaced: a log line must stay readable.
function M.quote(s)
  if not utf8_valid(s) then s = s:gsub("[\128-\255]", "?") end
  if find(s, '[%z\1-\31"\\\127]') then s = s:gsub('[%z\1-\31"\\\127]', escaped) end
  return '"' .. s .. '"'
end

return M
