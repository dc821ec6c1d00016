-- Finds the operation of a request: path, parameters, query.
--
-- A path that two servers could read in two ways matches no endpoint. Nothing is normalised: the path
-- that is judged is the path that is forwarded, or the request is refused.

local inside = require "oakum.nested"
local json = require "oakum.json"

local byte, char, find, gsub, lower, sub, upper =
  string.byte, string.char, string.find, string.gsub, string.lower, string.sub, string.upper
local concat = table.concat

local M = {}

-- Bytes of a path: 0 plain, 1 slash, 2 percent, 3 never, 4 upper case.
local PATH, QUERY, HEX = {}, {}, {}
for b = 0, 255 do
  local outside = b < 0x21 or b > 0x7E
  PATH[b] = outside and 3 or 0
  QUERY[b] = outside and 3 or 0
  HEX[b] = tonumber(char(b), 16) or -1
end
for b = 65, 90 do PATH[b] = 4 end
PATH[47], PATH[37], PATH[35], PATH[59], PATH[92] = 1, 2, 3, 3, 3 -- / % # ; \
QUERY[37], QUERY[35], QUERY[59] = 2, 3, 3 -- % # ;

-- ---------------------------------------------------------------- escapes

-- Text with its percent escapes read once; nil when one is broken.
local function unescaped(text)
  local parts, n, at = {}, 0, 1
  while true do
    local percent = find(text, "%", at, true)
    if not percent then break end
    local high, low = byte(text, percent + 1, percent + 2)
    if not low then return nil end
    high, low = HEX[high], HEX[low]
    if high < 0 or low < 0 then return nil end
    parts[n + 1] = sub(text, at, percent - 1)
    parts[n + 2] = char(high * 16 + low)
    n = n + 2
    at = percent + 3
  end
  parts[n + 1] = sub(text, at)
  return concat(parts)
end

-- A segment of a path, decoded; nil when another server might read something else in it.
local function segment_text(segment)
  local text = unescaped(segment)
  if not text or find(text, "[%z\1-\31\127/\\]") or find(text, "%%%x%x") then return nil end
  if text == "." or text == ".." or not json.utf8_valid(text) then return nil end
  return text
end

local ESCAPED = {}
for b = 0, 255 do ESCAPED[char(b)] = ("%%%02X"):format(b) end

-- An id as a segment of a path that asks about it (RFC 3986, 2.3); nil: it cannot be asked about.
function M.escaped(id)
  if id == "" or id == "." or id == ".." or find(id, "[%z\1-\31\127/\\]") or find(id, "%%%x%x") then
    return nil
  end
  if not json.utf8_valid(id) then return nil end -- half a surrogate pair, which is no text
  return (id:gsub("[^A-Za-z0-9%-._~]", ESCAPED))
end

-- The segment by which a path says a value, as it is escaped there; `around`: what the value has before
-- and after it, as `users/` of `users/7`, or nil. nil: no path says it.
function M.segment(value, around)
  if around then
    local before, after = around[1], around[2]
    local first, last = #before + 1, #value - #after
    if first > last or sub(value, 1, #before) ~= before or sub(value, last + 1) ~= after then return nil end
    value = sub(value, first, last)
  end
  return M.escaped(value)
end

-- ---------------------------------------------------------------- templates

-- A segment with parameters and text: texts before, between and after them, and their names.
local function mixed_of(segment)
  local texts, names, at = {}, {}, 1
  for open, name, close in segment:gmatch("(){([^{}]+)}()") do
    texts[#texts + 1] = sub(segment, at, open - 1)
    names[#names + 1] = name
    at = close
  end
  texts[#texts + 1] = sub(segment, at)
  return texts, names
end

local function rfind(text, what, from, last)
  for at = last - #what + 1, from, -1 do
    if sub(text, at, at + #what - 1) == what then return at end
  end
  return nil
end

-- Values of the parameters of a mixed segment, or nil. Several parameters: only when the shortest
-- first and the longest first reading agree.
local function values_of(texts, segment)
  local before, after = texts[1], texts[#texts]
  local first, last = #before + 1, #segment - #after
  if first > last or sub(segment, 1, #before) ~= before then return nil end
  if sub(segment, last + 1) ~= after then return nil end
  local values, count = {}, #texts - 1
  local from, till = first, last
  local ends = {}
  for i = count, 2, -1 do
    local text = texts[i]
    local at = text ~= "" and rfind(segment, text, first, till - 1)
    if not at then return nil end
    ends[i] = at
    till = at - 1
  end
  for i = 2, count do
    local at = find(segment, texts[i], from + 1, true)
    if at ~= ends[i] then return nil end
    values[i - 1] = sub(segment, from, at - 1)
    from = at + #texts[i]
  end
  if from > last then return nil end
  values[count] = sub(segment, from, last)
  return values
end

-- Literals of a template, decoded; the document's own are well-formed in the plan.
local function decoded(list)
  local made = {}
  for i = 1, #list do made[i] = unescaped(list[i]) or list[i] end
  return made
end

local function lowered(list)
  local made = decoded(list)
  for i = 1, #made do made[i] = lower(made[i]) end
  return made
end

local function bytes_of(texts)
  local n = 0
  for i = 1, #texts do n = n + #texts[i] end
  return n
end

local function new_node()
  return { literal = {}, low = {}, mixed = {}, plain = nil, leaf = nil }
end

local function mixed_child(node, segment)
  local texts = mixed_of(segment)
  local form = concat(texts, "\0")
  for i = 1, #node.mixed do
    if node.mixed[i].form == form then return node.mixed[i].node end
  end
  local made = { form = form, literal = texts, low = lowered(texts), node = new_node() }
  local at = #node.mixed + 1
  while at > 1 and bytes_of(node.mixed[at - 1].literal) < bytes_of(texts) do at = at - 1 end
  table.insert(node.mixed, at, made)
  return made.node
end

local function child(node, segment)
  if not find(segment, "{", 1, true) then
    local next_node = node.literal[segment] or new_node()
    node.literal[segment] = next_node
    local low = lower(unescaped(segment) or segment)
    node.low[low] = node.low[low] or next_node
    return next_node
  end
  if find(segment, "^{[^{}]+}$") then
    node.plain = node.plain or new_node()
    return node.plain
  end
  return mixed_child(node, segment)
end

-- How an endpoint finds its parameters among the segments of a path.
local function places_of(segments, around)
  local places = {}
  for i = 1, #segments do
    local segment = segments[i]
    local name = segment:match("^{([^{}]+)}$")
    if name then
      places[#places + 1] = { at = i, name = name, around = around or {} }
    elseif find(segment, "{", 1, true) then
      local texts, names = mixed_of(segment)
      places[#places + 1] = { at = i, texts = decoded(texts), names = names, around = around or {} }
    end
  end
  return places
end

-- ---------------------------------------------------------------- the tree

local Routes = {}
Routes.__index = Routes

-- An endpoint put among those of its method whose paths differ in the names of parameters alone: they
-- stand in a row, by `turn`, each with the next as its `rival`. The first of them.
local function among(first, endpoint)
  if not first or endpoint.turn < first.turn then
    endpoint.rival = first
    return endpoint
  end
  first.rival = among(first.rival, endpoint)
  return first
end

-- `endpoints`: records with `segments`, `method` and `turn`, which get `places`; `rivals`: the same, of
-- operations that the contract grants to nobody and that stand beside an endpoint; `shut`: segments of
-- all paths of such operations.
function M.new(endpoints, rivals, shut)
  local self = setmetatable({ root = new_node() }, Routes)
  local function enter(endpoint)
    endpoint.places = places_of(endpoint.segments, endpoint.around)
    local leaf = self:leaf(endpoint.segments)
    leaf[endpoint.method] = among(leaf[endpoint.method], endpoint)
  end
  for i = 1, #endpoints do enter(endpoints[i]) end
  for i = 1, #rivals do enter(rivals[i]) end
  for i = 1, #shut do self:leaf(shut[i]) end
  return self
end

function Routes:leaf(segments)
  local node = self.root
  for i = 1, #segments do node = child(node, segments[i]) end
  node.leaf = node.leaf or {}
  return node.leaf
end

-- `form` is `literal` or `low`. Every step goes one segment further: no endless walk.
local function search(node, form, segments, at, n)
  if at > n then return node.leaf end
  local segment = segments[at]
  local next_node = node[form][segment]
  if next_node then
    local leaf = search(next_node, form, segments, at + 1, n)
    if leaf then return leaf end
  end
  for i = 1, #node.mixed do
    local mixed = node.mixed[i]
    if values_of(mixed[form], segment) then
      local leaf = search(mixed.node, form, segments, at + 1, n)
      if leaf then return leaf end
    end
  end
  if node.plain and segment ~= "" then return search(node.plain, form, segments, at + 1, n) end
  return nil
end

-- The same without a choice to come back to, as nearly every path is.
local function walk(root, form, segments, n)
  local node, choice, at = root, false, 1
  while at <= n do
    local segment = segments[at]
    local next_node = node[form][segment]
    if next_node then
      choice = choice or node.plain ~= nil or #node.mixed > 0
    elseif #node.mixed > 0 then
      return search(root, form, segments, 1, n)
    elseif segment ~= "" then
      next_node = node.plain
    end
    if not next_node then
      return choice and search(root, form, segments, 1, n) or nil
    end
    node = next_node
    at = at + 1
  end
  return node.leaf or choice and search(root, form, segments, 1, n) or nil
end

-- Reads a target into the state of its request: `path`, `query`, `segments` as they came, `written` with their
-- escapes in upper case, which are the same ones (RFC 3986, 6.2.2.1), `values` decoded, and `odd` when they have a second reading. False: nothing that a gateway should pass on.
function M.read(x, target)
  local mark = find(target, "?", 1, true)
  local path = mark and sub(target, 1, mark - 1) or target
  if byte(path, 1) ~= 47 then return false end
  local segments, n, start = {}, 0, 2
  local escapes, odd = false, false
  local last = #path
  for at = 2, last do
    local kind = PATH[byte(path, at)]
    if kind == 1 then
      if at == start then return false end
      n = n + 1
      segments[n] = sub(path, start, at - 1)
      start = at + 1
    elseif kind == 2 then
      escapes = true
    elseif kind == 3 then
      return false
    elseif kind == 4 then
      odd = true
    end
  end
  n = n + 1
  segments[n] = sub(path, start)
  local values = segments
  local written = segments
  if escapes then values, written = {}, {} end
  for i = 1, n do
    local segment = segments[i]
    if segment == "." or segment == ".." then return false end
    if escapes then
      local text = find(segment, "%", 1, true) and segment_text(segment) or segment
      if text == segment and find(segment, "%", 1, true) then return false end
      values[i], written[i] = text, gsub(segment, "%%%x%x", upper)
    end
  end
  x.path, x.query = path, mark and sub(target, mark + 1) or nil
  x.segments, x.written, x.values, x.count, x.odd = segments, written, values, n, escapes or odd
  return true
end

local function second_reading(x)
  local made = {}
  for i = 1, x.count do made[i] = lower(x.values[i]) end
  return made
end

-- Endpoints of the path, by method (a table that may be empty); nil: the document has no such path.
-- False: two servers could find different ones.
function Routes:find(x)
  local leaf = walk(self.root, "literal", x.written, x.count)
  if x.odd and walk(self.root, "low", second_reading(x), x.count) ~= leaf then return false end
  return leaf
end

-- Whether some server might take this path for a documented one: by escapes, by case, or by a slash
-- at its end. Such a path never passes unread.
function Routes:near(x)
  local segments = second_reading(x)
  local n = x.count
  if walk(self.root, "low", segments, n) then return true end
  if segments[n] == "" then return walk(self.root, "low", segments, n - 1) ~= nil end
  segments[n + 1] = ""
  return walk(self.root, "low", segments, n + 1) ~= nil
end

local NONE = {}

-- What a parameter holds whose segment a path says, with what the value has around it.
local function whole_value(segment, around)
  return around and around[1] .. segment .. around[2] or segment
end

-- Parameters of a path that led to this endpoint, decoded.
function M.params(endpoint, x)
  local places = endpoint.places
  if #places == 0 then return NONE end
  local params, values = {}, x.values
  for i = 1, #places do
    local place = places[i]
    if place.name then
      params[place.name] = whole_value(values[place.at], place.around[place.name])
    else
      local found = values_of(place.texts, values[place.at])
      for j = 1, #place.names do
        local name = place.names[j]
        params[name] = found and whole_value(found[j], place.around[name]) or ""
      end
    end
  end
  return params
end

-- ---------------------------------------------------------------- patterns

-- A pattern of `guard.passes`: `*` is one segment, `**` at the end is whatever is left.
function M.glob(pattern)
  local segments, at = {}, 2
  while true do
    local slash = find(pattern, "/", at, true)
    segments[#segments + 1] = sub(pattern, at, (slash or 0) - 1)
    if not slash then return segments end
    at = slash + 1
  end
end

function M.matches(globs, x)
  for i = 1, #globs do
    local glob = globs[i]
    local n = #glob
    local rest = glob[n] == "**"
    local fits = rest and x.count >= n or x.count == n
    for at = 1, fits and (rest and n - 1 or n) or 0 do
      local segment = x.segments[at]
      if glob[at] ~= segment and (glob[at] ~= "*" or segment == "") then
        fits = false
        break
      end
    end
    if fits then return true end
  end
  return false
end

-- ---------------------------------------------------------------- query

local function name_of(text)
  if find(text, "+", 1, true) then text = text:gsub("%+", " ") end
  if find(text, "%", 1, true) then return unescaped(text) end
  return text
end

-- The declared name that a name in the query belongs to, or nil.
local function belongs(declared, secrets, name)
  if declared[name] or secrets[name] then return name end
  local bracket = find(name, "[", 1, true)
  local base = bracket and sub(name, 1, bracket - 1)
  return base and (declared[base] or secrets[base]) and base or nil
end

local function readable(query)
  for at = 1, #query do
    local kind = QUERY[byte(query, at)]
    if kind == 3 then return false end
    if kind == 2 then
      local high, low = byte(query, at + 1, at + 2)
      if not low or HEX[high] < 0 or HEX[low] < 0 or (high == 48 and low == 48) then return false end
    end
  end
  return true
end

-- The query that may go on: its declared parameters byte for byte and in order (nil: nothing is
-- left), and the credentials in it, name → {piece, value}. False: it has no single reading.
--
-- `declared`, `lists`, `secrets`: sets of names; the last are credentials, which stay. `nested`: what is
-- declared within those in whose values more stands than a text (of another one with brackets some server
-- makes an object, and some nothing). `caps`: the highest values; one that is not certainly within is refused.
function M.query(query, declared, lists, nested, secrets, caps)
  if not query or query == "" then return nil, nil end
  if not readable(query) then return false, nil end
  local kept, n, at, whole = {}, 0, 1, true
  local seen, found = {}, nil
  while at <= #query + 1 do
    local amp = find(query, "&", at, true) or #query + 1
    local piece = sub(query, at, amp - 1)
    at = amp + 1
    local equals = find(piece, "=", 1, true)
    local name = name_of(sub(piece, 1, (equals or 0) - 1))
    if find(piece, "%", 1, true) and not json.utf8_valid(unescaped(piece)) then return false, nil end
    local stays = false
    if name ~= "" then
      if secrets[name] then
        if found and found[name] then return false, nil end
        found = found or {}
        found[name] = { piece, equals and sub(piece, equals + 1) or "" }
      end
      local base = belongs(declared, secrets, name)
      local within, many = base and nested[base], false
      if base and base ~= name and not within then return false, nil end
      stays = base ~= nil
      if within then
        local value = equals and name_of(sub(piece, equals + 1)) or ""
        stays, many = inside.admits(within, sub(name, #base + 1), value)
        if stays == nil then return false, nil end
      end
      if stays and not lists[base] then
        local form = name == base and "plain" or "bracketed"
        if (seen[name] == true and not many) or (seen[" " .. base] or form) ~= form then return false, nil end
        seen[name], seen[" " .. base] = true, form
      end
    end
    if stays and caps and caps[name] then
      local value = equals and name_of(sub(piece, equals + 1)) or ""
      if #value > 9 or not find(value, "^[0-9]+$") or tonumber(value) > caps[name] then return false, nil end
    end
    if stays then
      n = n + 1
      kept[n] = piece
    else
      whole = false
    end
  end
  if whole then return query, found end
  return n > 0 and concat(kept, "&") or nil, found
end

-- Name and value of a piece of a query, decoded; nil for what cannot be.
function M.halves(piece)
  local equals = find(piece, "=", 1, true)
  local name = name_of(sub(piece, 1, (equals or #piece + 1) - 1))
  return name, equals and name_of(sub(piece, equals + 1)) or not equals and "" or nil
end

-- The pieces of a query that hold credentials, each with its value; false where one is there twice.
function M.credentials(query, secrets)
  local found
  for piece in (query or ""):gmatch "[^&]+" do
    local equals = find(piece, "=", 1, true)
    local name = name_of(sub(piece, 1, (equals or 0) - 1))
    if name and secrets[name] then
      if found and found[name] then return false end
      found = found or {}
      found[name] = { piece, equals and sub(piece, equals + 1) or "" }
    end
  end
  return found
end

-- Whether a query has one of some parameters, or a part of one (`name[part]`).
function M.has(query, names)
  for piece in (names.n > 0 and query or ""):gmatch "[^&]+" do
    local name = M.halves(piece)
    for k = 1, name and names.n or 0 do
      if name == names[k] or name:match "^[^%[]*" == names[k] then return true end
    end
  end
  return false
end

-- A query without the credentials in it, else as it is (nil: nothing is left).
function M.without(query, secrets)
  if not query or query == "" then return nil end
  if next(secrets) == nil then return query end
  local kept, n, at = {}, 0, 1
  while at <= #query + 1 do
    local amp = find(query, "&", at, true) or #query + 1
    local piece = sub(query, at, amp - 1)
    at = amp + 1
    local name = name_of(sub(piece, 1, (find(piece, "=", 1, true) or 0) - 1))
    if not (name and secrets[name]) then
      n = n + 1
      kept[n] = piece
    end
  end
  local rest = concat(kept, "&")
  return rest ~= "" and rest or nil
end

return M
