-- What stands in a text without what is around it, in time linear in its length. A pattern cannot do that: one
-- that ends in ` *$` begins anew at each space, and whoever sends 50,000 of them holds a worker for half a minute.

local byte, find, sub = string.byte, string.find, string.sub

local M = {}

-- The bytes of a class of a pattern, such as `[ \t]`.
local function bytes(class)
  local made = {}
  for each = 0, 255 do made[each] = find(string.char(each), class) ~= nil end
  return made
end
M.bytes = bytes

-- Where the last byte stands that is none of these; 0: there is none.
local function last_but(text, these)
  local last = #text
  while last > 0 and these[byte(text, last)] do last = last - 1 end
  return last
end
M.last_but = last_but

local BLANK, SPACE = bytes "[ \t]", bytes "%s"

-- Without spaces and tabs around it, as values of header fields (RFC 9110, 5.5).
function M.blanks(text)
  local first = find(text, "[^ \t]")
  return first and sub(text, first, last_but(text, BLANK)) or ""
end

-- Without any white space around it.
function M.spaces(text)
  local first = find(text, "%S")
  return first and sub(text, first, last_but(text, SPACE)) or ""
end

return M
