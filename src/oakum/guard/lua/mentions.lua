-- Ids that a request may name, wherever they stand in it. The Lua of `routing/mentions.py`.
--
-- The law of this module: a write discards what was looked up about everybody whom it names, in whatever
-- syntax. So every word of its parameters and of its body counts, whether or not it is an id; more words
-- than anybody reads stand for everybody.

local char, find, gmatch, gsub = string.char, string.find, string.gmatch, string.gsub
local concat = table.concat

local M = {}

-- Stands for all ids; no real id starts with NUL.
M.EVERYBODY = "\0all"
local MOST = 1000 -- words that are told apart

local WORD = "[^%z\1-\32\127\"'`\\,;=&?#<>(){}%[%]|/]+"
local PART = "[^:.@+~!*$^%%]+"
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

-- Adds words to `into`; how many there are then, and nil where they are too many.
local function words(text, pattern, into, count)
  for word in gmatch(text, pattern) do
    if not into[word] then
      count = count + 1
      if count > MOST then return nil end
      into[word] = true
    end
  end
  return count
end

-- Every word of some texts, and each part of it, as a list; or nil where they are too many.
function M.of(texts)
  local found, count = {}, 0
  for i = 1, #texts do
    local text = readable(texts[i])
    count = words(text, WORD, found, count)
    if count and find(text, "%", 1, true) then
      count = words(gsub(text, "%%(%x%x)", byte_of), WORD, found, count)
    end
    if count and find(text, "\\u00", 1, true) then
      count = words(gsub(text, "\\u00([2-7]%x)", byte_of), WORD, found, count)
    end
    if not count then return nil end
  end
  local list = {}
  for word in pairs(found) do list[#list + 1] = word end
  for i = 1, #list do
    count = words(list[i], PART, found, count)
    if not count then return nil end
  end
  list = {}
  for word in pairs(found) do list[#list + 1] = word end
  return list
end

return M
