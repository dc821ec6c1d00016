-- Which texts a parameter may be, and which names a member: a table of steps over the bytes, made by
-- `openapi/pattern_automaton.py` and `openapi/name_pattern_classes.py`.

local byte = string.byte

local M = {}

-- Whether a text is one of those. `said`: `classes` of the 256 bytes, `width` of a row, `next` with
-- -1 for a step that no such text takes, `accepts`; states count from 0.
function M.matches(said, text)
  local classes, width, onward = said.classes, said.width, said.next
  local state = 0
  for at = 1, #text do
    state = onward[state * width + classes[byte(text, at) + 1] + 1]
    if state < 0 then return false end
  end
  return said.accepts[state + 1]
end

-- The class of a name; `accepts` has that of each state. One that no state takes further is of class 0.
function M.class(said, name)
  local classes, width, onward = said.classes, said.width, said.next
  local state = 0
  for at = 1, #name do
    state = onward[state * width + classes[byte(name, at) + 1] + 1]
    if state < 0 then return 0 end
  end
  return said.accepts[state + 1]
end

return M
