-- Part names of `multipart/form-data` (RFC 7578) and of undeclared URL-encoded forms: the Lua of
-- `guard/compiled/multipart_part_names.py`.
--
-- The grammar is so narrow that every parser finds the same parts in a body; any other body is refused.

local inside = require "oakum.nested"
local json = require "oakum.json"
local media = require "oakum.media"
local trim = require "oakum.trim"

local find, gsub, lower, match, sub = string.find, string.gsub, string.lower, string.match, string.sub

local M = { FORM = "application/x-www-form-urlencoded" }

-- Names by which frameworks take another method from a body.
local OVERRIDES = {
  _method = true, ["x-http-method"] = true, ["x-http-method-override"] = true,
  ["x-method-override"] = true, _httpmethod = true,
}
local CODINGS = { ["7bit"] = true, ["8bit"] = true, binary = true }
local NAME = '^form%-data;[ \t]*name="([^"\\%z\1-\31\127]*)"(.*)$'
local FILE = '^;[ \t]*filename="[^"\\%z\1-\31\127]*"$'

-- The name that the headers of a part say, or nil.
local function name_of(head, length)
  local said, at = {}, 1
  repeat
    local stop = find(head, "\r\n", at, true)
    local name, value = match(sub(head, at, (stop or #head + 1) - 1), "^([A-Za-z-]+):[ \t]*([^%z\1-\31\127]*)$")
    if not name then return nil end
    name = lower(name)
    if said[name] then return nil end
    said[name] = value
    at = stop and stop + 2
  until not at
  local name, rest = match(said["content-disposition"] or "", NAME)
  if not name or (rest ~= "" and not find(rest, FILE)) or not json.utf8_valid(name) then return nil end
  local kind = media.read(said["content-type"] or "text/plain")
  if not kind or not kind.utf8 or find(kind.type, "^multipart/") or find(kind.type, "^message/") then
    return nil
  end
  if not CODINGS[lower(said["content-transfer-encoding"] or "binary")] then return nil end
  if (said["content-length"] or tostring(length)) ~= tostring(length) then return nil end
  said["content-disposition"], said["content-type"] = nil, nil
  said["content-transfer-encoding"], said["content-length"] = nil, nil
  return next(said) == nil and name or nil
end

-- Names of all parts in order, and their contents; nil: not every reader would find these parts.
function M.of_parts(body, boundary)
  local mark, found, contents = "--" .. boundary, {}, {}
  if sub(body, 1, #mark) ~= mark then return nil end
  local at = #mark + 1
  while true do
    local stop = find(body, mark, at, true)
    local part = sub(body, at, (stop or #body + 1) - 1)
    if not stop then
      return (part == "--" or part == "--\r\n") and #found > 0 and found or nil, contents
    end
    if #part < 4 or sub(part, 1, 2) ~= "\r\n" or sub(part, -2) ~= "\r\n" then return nil end
    part = sub(part, 3, -3)
    local past = find(part, "\r\n\r\n", 1, true)
    local name = past and name_of(sub(part, 1, past - 1), #part - past - 3)
    if not name then return nil end
    found[#found + 1] = name
    contents[#contents + 1] = sub(part, past + 4)
    at = stop + #mark
  end
end

-- Of all pairs, as the laxest reader takes them.
function M.of_pairs(body)
  local found = {}
  for piece in string.gmatch(body, "[^&;]+") do
    local name = gsub(match(piece, "^[^=]*"), "%+", " ")
    found[#found + 1] = gsub(name, "%%(%x%x)", function(two) return string.char(tonumber(two, 16)) end)
  end
  return found
end

-- Whether one of them may stand for another method, as the laxest reader takes it: PHP ends a name at a
-- NUL and at a bracket, and reads a dot, a blank or a first bracket as `_`.
function M.overrides(names)
  for i = 1, #names do
    local name = trim.blanks(match(names[i], "^[^%z]*"))
    name = gsub(sub(name, 1, 1), "%[", "_") .. match(sub(name, 2), "^[^%[]*")
    if OVERRIDES[gsub(lower(name), "[. ]", "_")] then return true end
  end
  return false
end

-- Whether a form's names are all declared, each once unless it is a list.
function M.declared(found, form)
  local seen = {}
  for i = 1, #found do
    local name = found[i]
    local called = form.names[name] and name or match(name, "^[^%[]*")
    local within = form.nested[called]
    if not form.names[called] then return false end
    if called ~= name and not (within and inside.admits(within, sub(name, #called + 1), "")) then return false end
    if seen[called] and not form.lists[called] then return false end
    seen[called] = true
  end
  return true
end

return M
