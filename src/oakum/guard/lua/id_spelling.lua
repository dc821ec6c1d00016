-- Ids that are not the same and may be: the Lua of `authz.id_spelling.spelling` and `alike`.

local json = require "oakum.json"
local trim = require "oakum.trim"

local byte, find, lower, sub = string.byte, string.find, string.lower, string.sub
local gmatch, gsub = string.gmatch, string.gsub

local M = {}

-- White space beyond ASCII (Unicode's White_Space) and characters without width or ink.
local UNSEEN = {
  "\194[\133\160]", "\225\154\128", "\225\160\142", "\226\128[\128-\141\168\169\175]", "\226\129[\159\160]",
  "\226\160\128", "\227\128\128", "\227\133\164", "\239\187\191",
}

-- A text without what shows nothing.
local function seen(text)
  for i = 1, #UNSEEN do text = gsub(text, UNSEEN[i], "") end
  return text
end

-- A value that can be an id, as text; nil: it is none.
function M.id(value)
  local text = json.text(value)
  if not text then return nil end
  if find(text, "[!-~]") then return text end
  return find(seen(text), "[^%z\1-\32\127]") and text or nil
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

-- An integer without leading zeros.
local function signed(signs, digits)
  local plain = digits:match "^0*(.+)$" or "0"
  return plain ~= "0" and find(signs, "-", 1, true) and "-" .. plain or plain
end

-- A number without what groups its digits, as people write a thousand: `1,000`; else the text as it is.
local function ungrouped(plain)
  local first, groups, rest = plain:match "^([+-]*%d+)([%d,']*)(.*)$"
  if not first or groups == "" or #first:match "%d+$" > 3 then return plain end
  local last
  for group in gmatch(groups, "[,'](%d*)") do
    if last and #last ~= 2 and #last ~= 3 then return plain end
    last = group
  end
  if #last ~= 3 then return plain end
  return first .. gsub(groups, "[,']", "") .. rest
end

-- An integer that is written with an exponent, without it; nil: it is none.
local function expanded(plain)
  local signs, int, rest = plain:match "^([+-]*)(%d+)(.*)$"
  if not int then return end
  local part, sign, power = rest:match "^%.?(%d*)e([+-]?)(%d%d?)$"
  if not part or (part ~= "" and sub(rest, 1, 1) ~= ".") then return end
  local point = #int + (sign == "-" and -1 or 1) * tonumber(power)
  local digits, at = int .. part, math.max(point, 0)
  if find(sub(digits, at + 1), "[^0]") then return end
  local whole = sub(digits, 1, at) .. ("0"):rep(at - #digits)
  return signed(signs, whole)
end

-- A number in plain digits, a UUID without dashes; anything else as it is.
local function normal(plain)
  local packed = gsub(plain, "[{}-]", "")
  local uuid = #packed == 32 and find(packed, "^[0-9a-f]+$")
  local digits = uuid and packed or ungrouped(gsub(plain, "_", ""))
  local signs, int, rest = digits:match "^([+-]*)(%d+)(.*)$"
  if int and (rest == "" or find(rest, "^%.0*$")) then return signed(signs, int) end
  return uuid and packed or expanded(digits) or plain
end

-- How long a text with letters beyond ASCII may be in it: of each two characters below U+0800, else four; 0: it
-- has kana, ideographs or Hangul, which nobody takes for ASCII.
local function longest(plain)
  if find(plain, "\227[\129-\131]") or find(plain, "[\228-\233]") or find(plain, "\234[\176-\191]")
    or find(plain, "[\235\236]") or find(plain, "\237[\128-\159]") then
    return 0
  end
  local _, narrow = gsub(plain, "[%z\1-\127]", "")
  local _, two = gsub(plain, "[\192-\223]", "")
  local _, more = gsub(plain, "[\224-\255]", "")
  return narrow + 2 * two + 4 * more
end

local ENDS, ASCII = trim.bytes "[/:#]", trim.bytes "[%z\1-\127]"
local DIGITS, HEX = trim.bytes "%d", trim.bytes "[%da-f]"

-- Whether what may be a number has an exponent, or digits on both sides of what may be one or a point.
local function is_scaled(plain)
  if find(plain, "e", 1, true) and find(plain, "%d") then return true end
  for gap, after in gmatch(plain, "%d(%D+)()") do
    if after <= #plain and find(gap, "[^+_-]") then return true end
  end
  return false
end

-- The spelling of a text with letters beyond ASCII, each of which may be a part of a number or of a UUID: of
-- what may be one, there is only what no normal form changes.
local function beyond_ascii(plain)
  local first, most = plain:match "^[%z\1-\127]*", longest(plain)
  local last = sub(plain, trim.last_but(plain, ASCII) + 1)
  if most == 0 then return first, last, most end
  local narrow = gsub(plain, "[\128-\255]", "")
  if not find(narrow, "[^%de+.,'_-]") then
    first = first:match "^[1-9]%d*" or ""
    if is_scaled(plain) then return first, "", math.huge end
    local run = sub(last, trim.last_but(last, DIGITS) + 1)
    -- A sign may stand where the letter does, with zeros after it.
    local plain_run = run:match "^0*(.*)$"
    return first, plain_run ~= "" and plain_run or find(narrow, ".", 1, true) and "" or run, most
  end
  if not find(narrow, "[^%da-f{}-]") then
    return first:match "^[1-9a-f][%da-f]*" or "", sub(last, trim.last_but(last, HEX) + 1), most
  end
  return first, last, most
end

-- Characters of full width as in ASCII: U+FF01 to U+FF5E.
local WIDTH = "\239([\188\189])([\128-\191])"
local function narrowed(lead, rest)
  local code = (lead == "\188" and 0 or 64) + byte(rest) - 96
  return code > 32 and code < 127 and string.char(code) or nil
end

-- How an id begins and ends in ASCII, and how long it may be; -1: that is all of it. Case, spaces, what shows
-- nothing, full width, a plus, leading zeros, an exponent, what groups digits, the dashes of a UUID and what
-- stands in front of a last `/`, `:` or `#` are no part of it, and another letter beyond ASCII stands for any text of
-- a few characters.
local function spelling(id)
  local plain = gsub(id, "[%z\1-\32\127]", "")
  if find(plain, "[\128-\255]") then plain = gsub(seen(plain), WIDTH, narrowed) end
  plain = sub(plain, 1, trim.last_but(plain, ENDS))
  plain = lower(plain:match "^.*[/:#](.*)$" or plain)
  if find(plain, "[\128-\255]") then return beyond_ascii(plain) end
  local key = normal(plain)
  return key, key, -1
end

-- Digits of a UUID, each as 0, with its dashes where they belong.
local UUID = ("0"):rep(8) .. "-" .. ("0"):rep(4) .. "-" .. ("0"):rep(4) .. "-" .. ("0"):rep(4) .. "-" .. ("0"):rep(12)

local function outline(id) return (gsub(id, "%x", "0")) end

local function is_uuid(id) return #id == 36 and outline(id) == UUID end

-- An integer below 2^53, which no parser rounds.
local function is_integer(id) return id == "0" or #id < 17 and find(id, "^%-?[1-9]%d*$") ~= nil and #gsub(id, "-", "") < 16 end

-- What a parser may read as a number: lower case.
local function like_number(plain)
  local text = gsub(plain, "^[+-]", "")
  if find(text, "^0[xob]%x+$") then return true end
  local rest = text:match "^%d+%.?%d*(.*)$" or text:match "^%.%d+(.*)$"
  return rest ~= nil and (rest == "" or find(rest, "^e[+-]?%d+$") ~= nil)
end

-- Whether hexadecimal digits are written as in an id that the API shows.
local function is_shown_hex(id, texts)
  local plain = outline(id)
  if find(id, "[\128-\255]") then return false end
  for i = 1, #texts do
    local each = texts[i]
    local cased = each == lower(each) and lower(id) or id:upper()
    if outline(each) == plain and find(plain, "0", 1, true) and id == cased then return true end
  end
  return false
end

local function any(texts, fits)
  for i = 1, #texts do
    if fits(texts[i]) then return true end
  end
  return false
end

-- What stands in no id that is its only spelling.
local ODD = { "[^ -~]", "^ ", " $", "  ", "[\"\\%[%]{}<>`,;|]", "%%%x%x" }
-- What an API may read as the end of an address in front of a key, or after it; or as base64.
local MARKS = { "/", ":", "#", "?", "=" }

local function is_odd(id, texts)
  if any(ODD, function(odd) return find(id, odd) ~= nil end) then return true end
  return any(MARKS, function(mark)
    return find(id, mark, 1, true) ~= nil and not any(texts, function(each) return find(each, mark, 1, true) ~= nil end)
  end)
end

local function is_padded(id, texts)
  return not find(id, "%D") and any(texts, function(each)
    return #each == #id and not find(each, "%D") and sub(each, 1, 1) == "0"
  end)
end

-- Whether no API that converts an id before it uses it takes this text for another id: to an integer, a
-- float, a UUID, without spaces, in a normal form of Unicode, of a list or an address. `form`: what the
-- document declares, `integer` or `uuid`; `shown`: ids of the same kind, as the API writes them. Case is not
-- compared, but in hexadecimal digits.
function M.is_sole(id, form, shown)
  local texts, number, uuid = {}, form == "integer", form == "uuid"
  for i = 1, #shown do
    local each = M.id(shown[i])
    texts[#texts + 1] = each
    number = number or each and type(shown[i]) ~= "string"
    uuid = uuid or each and is_uuid(each)
  end
  local uncased = lower(id)
  if number then return is_integer(id) end
  if uuid then return is_uuid(id) and id == uncased or is_shown_hex(id, texts) end
  if is_odd(id, texts) then return false end
  if like_number((gsub(uncased, "[_' ]", ""))) then return is_padded(id, texts) or is_integer(id) end
  local digits = gsub(uncased, "-", "")
  local like_uuid = #digits == 32 and find(digits, "^[%x_]+$") ~= nil
  if not like_uuid and not (#digits > 15 and find(digits, "^%x+$")) then return true end
  if id == uncased and (not like_uuid or is_uuid(id)) then return true end
  return is_shown_hex(id, texts)
end

-- The spellings of a list of ids, to hold others against.
function M.all(list)
  local made = { exact = {}, spelt = {}, wide = {} }
  for i = 1, #list do
    local first, last, most = spelling(list[i])
    local each = { first, last, most }
    made.spelt[i] = each
    if most < 0 then made.exact[first] = true else made.wide[#made.wide + 1] = each end
  end
  return made
end

local function starts(text, with) return sub(text, 1, #with) == with end
local function ends(text, with) return with == "" or sub(text, -#with) == with end

-- Whether an id may be one of these, in another spelling.
function M.among(id, these)
  local first, last, most = spelling(id)
  if most < 0 and these.exact[first] then return true end
  local against = most < 0 and these.wide or these.spelt
  for i = 1, #against do
    local a, z, its = against[i][1], against[i][2], against[i][3]
    local short = math.min(most, its) >= 0 or #(most < 0 and first or a) <= math.max(most, its)
    if short and (starts(a, first) or starts(first, a)) and (ends(z, last) or ends(last, z)) then return true end
  end
  return false
end

local PART = "[^%z\1-\32\127,;|&\"'`<>()%[%]{}\\/:#=*!?]+"

-- White space beyond ASCII that has width, and commas and semicolons of other writings.
local BETWEEN = {
  "\194\160", "\225\154\128", "\226\128[\128-\138\168\169\175]", "\226\129\159", "\227\128[\128\129]",
  "\216[\140\155]", "\239\189\164",
}

-- A text with ASCII in place of these and of full width.
local function apart(text)
  if not find(text, "[\128-\255]") then return text end
  text = gsub(text, WIDTH, narrowed)
  for i = 1, #BETWEEN do text = gsub(text, BETWEEN[i], " ") end
  return text
end

-- Some texts, and what may be ids in them, if they are lists of them: exports write `1,3`, `1;3`, `|1|`,
-- `["1"]`, `{1}` or `3 1` into the one place that they have.
function M.spread(texts)
  local made = { n = 0 }
  for i = 1, texts.n do
    local text, n = texts[i], made.n + 1
    made[n] = text
    if find(text, "[^%w]") then
      text = apart(text)
      local parted = find(text, "[%a\128-\255]") and { PART } or { "%d+", "-%d+" }
      for k = 1, #parted do
        for part in gmatch(text, parted[k]) do
          n = n + 1
          made[n] = part
        end
      end
    end
    made.n = n
  end
  return made
end

return M
