-- Ids that a request may contain, in any place and syntax. The Lua of `guard/cache_invalidation_ids.py`.
--
-- A write discards the cached look-ups of every id that it contains. So each word of its parameters and
-- its body counts as an id, and so do every few consecutive words, whatever separates them, since an id
-- may consist of several. If there are more words than the limit, the cached look-ups of all ids are
-- discarded.

local char, find, floor, gmatch, gsub = string.char, string.find, math.floor, string.gmatch, string.gsub
local concat, max = table.concat, math.max

local M = {}

-- Stands for all ids; no real id starts with NUL.
M.EVERYBODY = "\0all"
local MOST = 3995 -- rows that are told apart: those of 1,000 words
local LONGEST = 4 -- words in a row; an id that has more is known by its last ones

local BETWEEN = "%z\1-\32\127\"'`\\,;=&?#<>(){}%[%]|/:.@+~!*$^%%"
local WORD, MARKED = "[^" .. BETWEEN .. "]+", "[" .. BETWEEN .. "]"
local BINARY = "[%z\1-\8\11\12\14-\31]"

-- A text without lines of a binary file, whose bytes are no words.
local function readable(text)
  if not find(text, BINARY) then return text end
  local lines = {}
  for line in gmatch(text, "[^\r\n]+") do
    if not find(line, BINARY) then lines[#lines + 1] = line end
  end
  return concat(lines, "\n")
end

local function byte_of(digits) return char(tonumber(digits, 16)) end

local LEADING = { 0xC0, 0xE0, 0xF0 }

local function utf8_of(code)
  if code < 0x80 then return char(code) end
  local rest, n = "", code < 0x800 and 1 or code < 0x10000 and 2 or 3
  for _ = 1, n do
    rest, code = char(0x80 + code % 64) .. rest, floor(code / 64)
  end
  return char(LEADING[n] + code) .. rest
end

-- Backslashes of an escape in a text, in a text within a text, and in one within that.
local DOUBLED = { 1, 2, 4 }

-- A text once its escapes are resolved (RFC 8259). A text within a text has its backslashes doubled; further
-- ones are of the text and separate words.
local function resolved(text, backslashes)
  -- Whether all backslashes in a row are of the text, each of which is twice as many as begin an escape.
  local function is_text(before) return #before % (2 * backslashes) == 0 end
  local function apart(before, found) return #before > backslashes and " " .. found or found end
  local function pair(before, high, low)
    if is_text(before) then return " u" .. high .. " u" .. low end
    return apart(before, utf8_of(0x10000 + (tonumber(high, 16) - 0xD800) * 1024 + tonumber(low, 16) - 0xDC00))
  end
  local function character(before, digits)
    if is_text(before) then return " u" .. digits end
    return apart(before, utf8_of(tonumber(digits, 16)))
  end
  local function space(before, letter) return is_text(before) and " " .. letter or " " end
  text = gsub(text, "%f[\\](\\+)([bfnrt])", space)
  text = gsub(text, "%f[\\](\\+)u([dD][89abAB]%x%x)\\+u([dD][c-fC-F]%x%x)", pair)
  return (gsub(text, "%f[\\](\\+)u(%x%x%x%x)", character))
end

-- Adds each word and each few in a row to `into`; how many there are then, and nil where they are too many.
local function rows(text, into, count)
  local words, n = {}, 0
  for word in gmatch(text, WORD) do
    n = n + 1
    words[n] = word
    for first = n, max(1, n - LONGEST + 1), -1 do
      local row = concat(words, " ", first, n)
      if not into[row] then
        count = count + 1
        if count > MOST then return nil end
        into[row] = true
      end
    end
  end
  return count
end

-- Every word of some texts and every few in a row, as `known_by` has them, as a list; or nil where they are
-- too many. What consists of no words may be any id without one.
function M.of(texts)
  local found, count = { [""] = true }, 1
  for i = 1, #texts do
    local text = readable(texts[i])
    count = rows(text, found, count)
    if count and find(text, "%", 1, true) then
      count = rows(gsub(text, "%%(%x%x)", byte_of), found, count)
    end
    if count and find(text, "\\", 1, true) then
      local before
      for k = 1, #DOUBLED do
        local spelt = resolved(text, DOUBLED[k])
        if count and spelt ~= before then count, before = rows(spelt, found, count), spelt end
      end
    end
    if not count then return nil end
  end
  local list = {}
  for row in pairs(found) do list[#list + 1] = row end
  return list
end

-- The words of an id by which a write that names it is known, however it writes what stands between them.
function M.known_by(id)
  if not find(id, MARKED) or find(id, "^%z") then return id end
  local words, n = {}, 0
  for word in gmatch(id, WORD) do
    n = n + 1
    words[n] = word
  end
  return concat(words, " ", max(1, n - LONGEST + 1), n)
end

return M
