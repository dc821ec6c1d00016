-- The body cut down to what its reader may see: the Lua of `authz/judge.py` and
-- `authz/project.py`, over the nodes that `guard/plan/render.py` compiled.
--
-- Byte ranges of the original are kept and nothing is written anew. Every byte is read in the strict
-- grammar of `authz/strict_json.py`, what is thrown away too: a body that could be read in two ways
-- gives nothing at all. One pass outside of resources; within one, its members are listed first,
-- since who owns it and in which state it is may stand anywhere in it.
--
-- Fast because it learns: after a member it expects the one that followed it last time, and then
-- compares bytes instead of reading a name. What is learnt is bounded, and only ever a guess.

local ffi = require "ffi"
local bit = require "bit"
local buffer = require "string.buffer"
local json = require "oakum.json"
local decide = require "oakum.decide"
local spelling = require "oakum.id_spelling"

local band, bor, bnot, tobit = bit.band, bit.bor, bit.bnot, bit.tobit
local byte, find, sub = string.byte, string.find, string.sub
local cast, C = ffi.cast, ffi.C

ffi.cdef [[ int memcmp(const void *a, const void *b, size_t n); ]]

local M = {}

local MAX_DEPTH = json.MAX_DEPTH
local MAX_DIGITS = 4300
local LEARNT = 64 -- undeclared names remembered per body
local SEEN = 1024 -- names of earlier objects remembered per level, at least

-- What becomes of a value. Numbers, since they are compared in the innermost loops.
local GONE, KEPT, NULL, REFUSE = 0, 1, 2, 3

-- ---------------------------------------------------------------- the state of one projection
-- Of the module and not of a table: a projection never yields, and locals are what the JIT keeps
-- in registers.

local S, P, N -- text, its bytes, their number
local PLAN, KNOW, PARAMS, ENDPOINT -- what is asked, by whom, at which endpoint
local SUBJECT -- of a request body: the object it is about to touch
local LISTS = 0 -- lists, and in a request body maps, that are around what is looked at
local AROUND -- depth of the object of a resource that is around it, in a request body
local CONTEXT -- what that object is taken for: it may be one of several
local PATH = {} -- by depth: the member or the element that is looked at
local KEYED = {} -- by depth, of a request body: its name where it is a value of a map, else false
local SEENOUT -- counts for the audit
local ESCAPES -- whether the text has a backslash anywhere
local CONTROLS -- whether it has a byte below 0x20 anywhere
local CENSUS -- whether objects that are cut must be looked at, since a count depends on it; `2`: nobody can tell of one
local HIDDEN -- whether an object of which nothing may be seen was met
local FEWER -- whether the caller left out fields of the root of GraphQL that may hold such an object
local DROP_COUNTS -- all counts, or `2`: those at that depth
local MET -- whether `call:` lets the caller have an object that stands in no other one
local SHUT -- whether nobody was asked about an object, so that nothing outside of one passes
local CHOSEN -- where the caller chose which members the answer has: fields of GraphQL that have arguments; else false
local EVERY -- whether a request body may not lose one of many, in a list or a map: the rest would say to delete it
local CELLS -- whether it is a row of comma-separated values, in which a text stands for a list
local APART -- whether only objects with an owner of their own pass
local LOST -- whether an object that stands in no other one, in this row and in no row within it, is hidden whole
local BURIED -- whether one is hidden whole in a row within
local HOLLOW -- whether all that stays of the object that was read last are nulls in place of what is withheld
local SHOWN -- whether one that stands in no other one is shown, here or in a row within
local OBJECTS = 0 -- number of those that were met
local LOOSE = false -- whether an element of the list that was read last holds no object
local FIRST, FIRST_END -- where the first object that is shown was kept: after which range, and where that ended; nil: none is
local COUNTED, COUNTEDS = {}, 0 -- objects that are shown and count against a limit, with the same
local REFUSED -- number of `refuse` among what is kept
local WHY

local FROM, TO, RANGES = {}, {}, 0 -- what is kept; FROM -1: the word `null`
local STAMP = 0
local RUN = 0 -- number of this projection, for marks that an earlier one may have left
local LEVELS = {}
for depth = 0, MAX_DEPTH + 2 do
  LEVELS[depth] = { entry = {}, key = {}, from = {}, to = {}, names = {}, count = 0, most = SEEN, owners = { n = 0 }, tally = { 0 } }
end

local function emit(a, b)
  local n = RANGES
  if TO[n] == a and FROM[n] >= 0 then
    TO[n] = b
  else
    n = n + 1
    FROM[n], TO[n] = a, b
    RANGES = n
  end
end

-- An object is not shown that was kept after range `n`, which ended at `last`, whatever it is by itself.
local function hide(n, last)
  if FIRST > n or FIRST == n and FIRST_END >= last then FIRST = nil end
  while COUNTEDS > 0 do
    local each = COUNTED[COUNTEDS]
    if each.after < n or each.after == n and each.ended < last then return end
    COUNTEDS = COUNTEDS - 1
  end
end

local function rollback(n, last, refused)
  RANGES = n
  TO[n] = last
  REFUSED = refused
  if FIRST then hide(n, last) end
end

-- What stands outside of all that is declared has no name.
local function removed(label)
  local counts = SEENOUT.removed
  if label == "" then label = "‹undeclared›" end
  if counts then counts[label] = (counts[label] or 0) + 1 end
end

-- ---------------------------------------------------------------- the grammar

-- Loops that end after a turn or two are poison to a tracing JIT, so what is usual comes first and
-- without a loop: no space at all, a number of few digits.

local function spaces(i)
  while i < N do
    local b = P[i]
    if b > 32 or not (b == 32 or b == 10 or b == 13 or b == 9) then return i end
    i = i + 1
  end
  return i
end

-- Where white space that begins at `i` ends; the byte past the last is a zero.
local function space(i)
  if P[i] > 32 then return i end
  return spaces(i)
end

local function digits_slow(i)
  while i < N and P[i] >= 48 and P[i] <= 57 do i = i + 1 end
  return i
end

-- Where digits that begin at `i` end: four at a time, as one word.
local function digits_end(i)
  if i + 16 > N then return digits_slow(i) end
  for _ = 1, 4 do
    local x = cast("const int32_t *", P + i)[0]
    -- A byte's high bit is set where it is below `0` or above `9`; a carry only comes from such a
    -- byte, so that the lowest one is right.
    local other = band(bor(tobit(x - 0x30303030), tobit(x + 0x46464646), x), 0x80808080)
    if other ~= 0 then
      if band(other, 0x80) ~= 0 then return i end
      if band(other, 0x8000) ~= 0 then return i + 1 end
      if band(other, 0x800000) ~= 0 then return i + 2 end
      return i + 3
    end
    i = i + 4
  end
  return digits_slow(i)
end

-- Whether the inside of a string, [i, j), holds no control byte and only escapes of JSON.
local function sound(i, j)
  while i < j do
    local b = P[i]
    if b < 32 then return false end
    if b == 92 then
      local e = P[i + 1]
      if e == 117 then
        if i + 6 > j then return false end
        for k = i + 2, i + 5 do
          local h = P[k]
          if not ((h >= 48 and h <= 57) or (h >= 65 and h <= 70) or (h >= 97 and h <= 102)) then
            return false
          end
        end
        i = i + 6
      elseif e == 34 or e == 92 or e == 47 or e == 98 or e == 102 or e == 110 or e == 114 or e == 116 then
        i = i + 2
      else
        return false
      end
    else
      i = i + 1
    end
  end
  return true
end

-- Where a string whose opening quote stands at `i` ends (past its closing quote); -1: it is none.
local function string_slow(i)
  local from = i + 2
  while true do
    local quote = find(S, '"', from, true)
    if not quote then return -1 end
    local slashes, k = 0, quote - 2
    while k > i and P[k] == 92 do slashes, k = slashes + 1, k - 1 end
    if slashes % 2 == 0 then return sound(i + 1, quote - 1) and quote or -1 end
    from = quote + 1
  end
end

local function string_end(i)
  if ESCAPES or CONTROLS then return string_slow(i) end
  return find(S, '"', i + 2, true) or -1
end

-- Where a number ends, and whether it is an integer; -1: it is none, or in a request body one that no
-- double holds.
local function number_end(i)
  local from = i
  if P[i] == 45 then i = i + 1 end
  local first, past = P[i], digits_end(i)
  if past == i or (first == 48 and past > i + 1) then return -1, false end
  local b = P[past]
  local large = past - i > 300
  if b ~= 46 and b ~= 101 and b ~= 69 then
    if large and (past - i > MAX_DIGITS or SUBJECT and not json.is_finite(sub(S, from + 1, past))) then
      return -1, false
    end
    return past, true
  end
  if b == 46 then
    i = past + 1
    past = digits_end(i)
    if past == i then return -1, false end
    b = P[past]
  end
  if b == 101 or b == 69 then
    i = past + 1
    if P[i] == 43 or P[i] == 45 then i = i + 1 end
    past = digits_end(i)
    if past == i then return -1, false end
    large = true
  end
  if large and SUBJECT and not json.is_finite(sub(S, from + 1, past)) then return -1, false end
  return past, false
end

local function word_end(i)
  local b = P[i]
  if b == 116 then -- true
    if i + 4 <= N and P[i + 1] == 114 and P[i + 2] == 117 and P[i + 3] == 101 then return i + 4 end
  elseif b == 110 then -- null
    if i + 4 <= N and P[i + 1] == 117 and P[i + 2] == 108 and P[i + 3] == 108 then return i + 4 end
  elseif b == 102 then -- false
    if i + 5 <= N and P[i + 1] == 97 and P[i + 2] == 108 and P[i + 3] == 115 and P[i + 4] == 101 then
      return i + 5
    end
  end
  return -1
end

-- Where a scalar ends, and its kind: 1 string, 2 integer, 4 other number, 8 boolean, 16 null.
local function scalar_end(i)
  local b = i < N and P[i] or 0
  if b == 34 then return string_end(i), 1 end
  if b == 110 then return word_end(i), 16 end
  if b == 116 or b == 102 then return word_end(i), 8 end
  local past, int = number_end(i)
  return past, int and 2 or 4
end

-- The name between two quotes, [i, past), as it reads.
local function name_of(i, past)
  local raw = sub(S, i + 2, past - 1)
  if ESCAPES and find(raw, "\\", 1, true) then return json.unescape(raw) end
  return raw
end

-- Whether a name stands twice on one level of what is skipped.
local function repeated(level, name, stamp)
  local names = level.names
  if names[name] == stamp then return true end
  if level.count >= level.most then
    -- Names of an object being read must stay; those of others are dead weight. Next time is when there
    -- are twice as many, or a wide object would be copied for each of its names.
    local fresh, n = {}, 0
    for known, at in pairs(names) do
      if at == stamp then fresh[known], n = at, n + 1 end
    end
    level.names, level.count, names = fresh, n, fresh
    level.most = n * 2 > SEEN and n * 2 or SEEN
  end
  if names[name] == nil then level.count = level.count + 1 end
  names[name] = stamp
  return false
end

-- Where any value ends, read strictly and kept nowhere; -1: it is none.
local function skip(i, depth)
  if depth > MAX_DEPTH then return -1 end
  local b = i < N and P[i] or 0
  if b == 123 then
    STAMP = STAMP + 1
    local stamp, level = STAMP, LEVELS[depth]
    i = space(i + 1)
    if i < N and P[i] == 125 then return i + 1 end
    while true do
      if i >= N or P[i] ~= 34 then return -1 end
      local past = string_end(i)
      if past < 0 or repeated(level, name_of(i, past), stamp) then return -1 end
      i = space(past)
      if i >= N or P[i] ~= 58 then return -1 end
      i = skip(space(i + 1), depth + 1)
      if i < 0 then return -1 end
      i = space(i)
      b = i < N and P[i] or 0
      if b == 125 then return i + 1 end
      if b ~= 44 then return -1 end
      i = space(i + 1)
    end
  elseif b == 91 then
    i = space(i + 1)
    if i < N and P[i] == 93 then return i + 1 end
    while true do
      i = skip(i, depth + 1)
      if i < 0 then return -1 end
      i = space(i)
      b = i < N and P[i] or 0
      if b == 93 then return i + 1 end
      if b ~= 44 then return -1 end
      i = space(i + 1)
    end
  end
  return (scalar_end(i))
end

-- ---------------------------------------------------------------- members

local function entry(node, label, name)
  local made = { node = node, label = label, name = name or false, map = false, held = false, stamp = 0, next = false, size = 0 }
  if name and not find(name, '[%z\1-\31"\\]') then
    made.text = '"' .. name .. '":'
    made.bytes = cast("const uint8_t *", made.text)
    made.size = #made.text
  end
  return made
end

M.class = require("oakum.automaton").class

-- The entry for a member that nothing names: one for all, or one for each class of names.
function M.undeclared(body, name)
  return body.names and body.classes[M.class(body.names, name) + 1] or body.extra
end

-- The entry of a member whose name stands at [i, past): declared, learnt, or nil for a stranger.
local function lookup(body, name)
  local found = body.members[name]
  if found then return found end
  found = body.strangers[name]
  if found then return found end
  if body.learnt >= LEARNT then return nil end
  body.learnt = body.learnt + 1
  local other = M.undeclared(body, name)
  found = entry(other.node, other.label, name)
  found.map, found.held = true, other.held
  body.strangers[name] = found
  return found
end

-- Entry of the member at `i`, and where its value begins: -1 when there is none, or one of this name
-- stood there before. `expected` is a guess. `stamp` is the object's own; 0: names are not marked.
local function member(body, i, expected, level, stamp)
  if expected and i + expected.size <= N and expected.size > 0
    and C.memcmp(P + i, expected.bytes, expected.size) == 0 then
    if stamp > 0 then
      if expected.stamp == stamp then return nil, -1 end
      expected.stamp = stamp
    end
    i = i + expected.size
    if i < N and P[i] <= 32 then i = space(i) end
    return expected, i
  end
  if i >= N or P[i] ~= 34 then return nil, -1 end
  local past = string_end(i)
  if past < 0 then return nil, -1 end
  local name = name_of(i, past)
  local found = lookup(body, name)
  if stamp == 0 then
    found = found or M.undeclared(body, name)
  elseif found then
    if found.stamp == stamp then return nil, -1 end
    found.stamp = stamp
  else
    if repeated(level, name, stamp) then return nil, -1 end
    found = M.undeclared(body, name)
  end
  i = space(past)
  if i >= N or P[i] ~= 58 then return nil, -1 end
  return found, space(i + 1)
end

-- ---------------------------------------------------------------- unions

-- Which names an object has, and the text of its tag; nil when it is none.
local function outline(i, depth, tag)
  local names, said = {}, nil
  i = space(i + 1)
  while i < N and P[i] ~= 125 do
    if P[i] ~= 34 then return nil end
    local past = string_end(i)
    if past < 0 then return nil end
    local name = name_of(i, past)
    names[name] = true
    i = space(past)
    if i >= N or P[i] ~= 58 then return nil end
    i = space(i + 1)
    local from = i
    i = skip(i, depth + 1)
    if i < 0 then return nil end
    if name == tag and P[from] == 34 then said = name_of(from, i) end
    i = space(i)
    if i < N and P[i] == 44 then i = space(i + 1) end
  end
  return names, said
end

-- Whether an alternative may have all of these members.
local function may_have(way, there)
  for name in pairs(there) do
    if not way.names[name] then return false end
  end
  return true
end

-- The body by which an object with these members and this text of its tag is judged. What it has tells, and
-- never what it lacks: an alternative is ruled out by a member that others declare and its resource does
-- not have.
-- `unlike`: resources that it is none of, as the API shows it, which counts where it says nothing of that
-- itself; or nil.
local function pick(union, names, said, unlike)
  local ways = union.ways
  if said and union.tags[said] then return ways[union.tags[said]].body end
  if not union.somebodys then return union["else"] end
  local there = {}
  for name in pairs(names) do
    if union.names[name] then there[name] = true end
  end
  local left, nobodys, somebodys, possible, several = false, false, false, nil, nil
  unlike = union.tag ~= "" and names[union.tag] == nil and unlike or nil
  for k = 1, ways.n do
    local way = ways[k]
    if way.open or may_have(way, there) then
      left = true
      if way.resource == "" then
        nobodys = true
      else
        somebodys = true
        if not (unlike and unlike[way.resource]) then
          several = several or (possible ~= nil and possible ~= way.resource)
          possible = possible or way.resource
        end
      end
    end
  end
  if nobodys and not somebodys then return union.nobodys end
  if nobodys and union.inside then return union["else"] end
  if not left then possible = union.only end
  if several or not possible then return union["else"] end
  return union.all[possible]
end

-- The same for the object at `i`, or nil.
local function choose(union, i, depth)
  local names, said = outline(i, depth, union.tag)
  return names and pick(union, names, said, SUBJECT and not union.inside and SUBJECT.unlike or nil)
end

-- Notes of each object in a decoded answer, read by a node, of which resource it is; empty: it may be of
-- several.
local function note_kinds(node, value, found)
  if not node or node.nothing then return end
  if json.is_array(value) then
    local rule = node.list
    for k = 1, value.n do note_kinds(rule.places and rule.at[k - 1] or rule.node, value[k], found) end
  elseif json.is_object(value) then
    local body, union = node.body, node.union
    if not body then
      local said = value[union.tag]
      body = pick(union, value, type(said) == "string" and said or nil)
    end
    if body.table then
      found[value] = body.table.name
    elseif union and union.somebodys and body == union["else"] then
      found[value] = ""
    end
    for name, each in pairs(value) do
      local member_ = body.members[name] or M.undeclared(body, name)
      note_kinds(member_.node, each, found)
    end
  end
end

function M.kinds(node, value)
  local found = {}
  note_kinds(node, value, found)
  return found
end

-- ---------------------------------------------------------------- values

local record, object, list -- forward: values nest

-- Kinds of value, as the plan numbers those that are none of the declared ones where objects stand; scalars
-- as `scalar_end` does.
local OBJECT, ARRAY = 32, 64
local LISTS_ALONE = 128 -- in an object, a place where lists alone are declared

-- Whether a cell, which can only be a text, is shown for the plain value or the list that is declared.
local function in_cell(node, set)
  if not node.cell or not node.inside then return node.cell end
  local each = node.list.node
  return not each.nothing and each.own[set]
end

-- Whether a scalar of a kind, which stands at [i, past), says something.
local function says(i, past, kind)
  return kind ~= 16 and not (kind == 8 and P[i] == 102) and not (kind == 1 and past == i + 2)
end

-- Whether the object at `i` has a name that is not a number: some languages number the elements of a list from
-- which one was taken.
local function has_names(i, depth)
  for name in pairs(outline(i, depth) or {}) do
    if find(name, "%D") or name == "" then return true end
  end
  return false
end

-- Notes what may be a hidden object, and nobody can tell which: of another kind than declared, or of one
-- of several resources. `met`: whether another was shown before it, in its row.
local function note_untold(inside, met)
  HIDDEN, CENSUS = true, CENSUS and 2
  if not inside then LOST, SHOWN, OBJECTS = true, met, OBJECTS + 1 end
end

-- Whether an object of one of some resources may be hidden from the caller.
local function any_hidden(tables)
  for k = 1, tables.n do
    if not decide.of_any(PLAN, tables[k], KNOW) then return true end
  end
  return false
end

-- Keeps or drops the value at `i` by its node; returns its end (-1: unreadable) and what became of
-- it. `set` is the set of fields of the enclosing object, `tally` its count of what may be seen.
local function value(node, i, depth, set, owners, tally, label)
  if depth > MAX_DEPTH then return -1, GONE end
  if node.nothing or (node.count and (DROP_COUNTS == true or DROP_COUNTS == depth)) then
    local past = skip(i, depth)
    removed(label)
    return past, GONE
  end
  local b = i < N and P[i] or 0
  if b ~= 123 and b ~= 91 then
    local past, kind = scalar_end(i)
    if past < 0 then return -1, GONE end
    -- An object that is hidden leaves no null in a list: neither does one that there is not.
    if kind == 16 and node.gaps and (not node.inside or node.any[set]) and any_hidden(node.gaps) then
      HIDDEN, CENSUS = true, CENSUS and 2
      if not node.inside then BURIED, OBJECTS = true, OBJECTS + 1 end
      removed(label)
      return past, GONE
    end
    local keep
    local misfit = band(node.misfits, kind) ~= 0 and not (kind == 1 and CELLS) and says(i, past, kind)
    if node.inside then
      keep = node.own[set] and (kind == 16 or not node.solid) or (kind == 16 and node.null[set])
      keep = keep or kind == 1 and CELLS and in_cell(node, set)
      if keep then tally[1] = tally[1] + 1 end
    else
      keep = band(node.kinds, kind) ~= 0 and not misfit or kind == 1 and CELLS and in_cell(node, set)
      -- A declared text may be a hidden object, in whose place it stands; one among objects in a list is a
      -- label of theirs.
      local listed = depth > 0 and type(PATH[depth - 1]) == "number"
      local refers = (keep or kind == 1 and CELLS) and node.refs and not SUBJECT and not listed
      if refers and says(i, past, kind) and any_hidden(node.refs) then
        note_untold(false, SHOWN)
        removed(label)
        return past, node.stand
      end
      keep = keep and not SHUT
    end
    if keep then
      emit(i, past)
      return past, KEPT
    end
    if misfit then note_untold(node.inside, SHOWN) end
    removed(label)
    return past, node.stand
  end
  -- An empty container that may take the place of one of another kind takes it away, as null does.
  if node.inside and (not node.any[set] and not CENSUS
      or node.clears == b and P[space(i + 1)] == b + 2 and not node.null[set]) then
    local past = skip(i, depth)
    removed(label)
    return past, node.stand
  end
  local n, last, refused, before = RANGES, TO[RANGES], REFUSED, tally[1]
  local past, became
  -- What goes as a whole is one thing that goes, whatever is in it.
  local counts, goes = SEENOUT.removed, node.inside and not node.any[set]
  local met, misfit = SHOWN, false
  if node.misfits ~= 0 then
    misfit = band(node.misfits, b == 123 and OBJECT or ARRAY) ~= 0 and P[space(i + 1)] ~= b + 2
    goes = goes or misfit or b == 123 and band(node.misfits, LISTS_ALONE) ~= 0 and has_names(i, depth)
  end
  if goes then SEENOUT.removed = nil end
  if b == 123 then
    local body, untold = node.body, false
    if not body then
      body = choose(node.union, i, depth)
      if not body then return -1, GONE end
      untold = node.union.somebodys and body == node.union["else"] and not body.table
    end
    if body.table then
      past, became = object(body, i, depth, owners)
    else
      goes = goes or body.blind or not (body.hold or body.inside)
      if goes then SEENOUT.removed = nil end
      past = SHUT and not body.inside and not body.map and space(i + 1) or N
      if past < N and P[past] == 125 then
        SEENOUT.removed = counts
        removed(label)
        return past + 1, GONE
      end
      past, became = record(body, i, depth, set, owners, tally)
      if untold and not misfit then
        local seen, census = HIDDEN, CENSUS
        note_untold(node.inside, met)
        if P[space(i + 1)] == 125 then HIDDEN, CENSUS = seen, census end
      end
      if body.blind and past >= 0 then
        if misfit then note_untold(node.inside, met) end
        rollback(n, last, refused)
        SEENOUT.removed = counts
        removed(label)
        return past, node.stand
      end
    end
  else
    past, became = list(node, i, depth, set, owners, tally, label)
  end
  if not goes then return past, became end
  SEENOUT.removed = counts
  removed(label)
  if past >= 0 and (node.inside or misfit) then
    if misfit then note_untold(node.inside, met) end
    HIDDEN = HIDDEN or LISTS < 0 and FIRST ~= nil
    rollback(n, last, refused)
    tally[1] = before
    return past, node.stand
  end
  return past, became
end

-- An element of a list or a value of a map, outside of every resource: nothing stands beside an object that
-- is hidden whole, and what holds no other one goes with it. A list that is a row holds rows itself; of its
-- elements only those that hold an object are about that one alone.
local function row(node, i, depth, set, owners, tally, label)
  if APART and not SUBJECT and not node.inside then
    local n, last, refused, met = RANGES, TO[RANGES], REFUSED, SHOWN
    SHOWN = false
    local past, became = value(node, i, depth, set, owners, tally, label)
    if not SHOWN and past >= 0 then
      rollback(n, last, refused)
      became = GONE
    end
    SHOWN = SHOWN or met
    return past, became
  end
  if SUBJECT or node.inside or node.nothing or (P[i] ~= 123 and P[i] ~= 91) then
    return value(node, i, depth, set, owners, tally, label)
  end
  local first = P[i]
  if first == 123 and node.body and node.body.table then -- it is the object itself
    local lost = LOST
    local past, became = value(node, i, depth, set, owners, tally, label)
    BURIED = BURIED or LOST
    LOST = lost
    return past, became
  end
  local n, last, refused, counts, count = RANGES, TO[RANGES], REFUSED, SEENOUT.removed, tally[1]
  local lost, buried, met = LOST, BURIED, SHOWN
  LOST, BURIED, SHOWN = false, false, false
  if counts then SEENOUT.removed = {} end
  local past, became = value(node, i, depth, set, owners, tally, label)
  local hidden, shown, within = LOST, SHOWN, LOST or BURIED
  if first == 91 then hidden = LOOSE and within end
  if hidden and depth == 0 then SEENOUT.lost = true end
  -- Beside a list of which every object is hidden may stand how many there are.
  if past >= 0 and became ~= GONE and (hidden or (within and not shown)) then
    if not SHUT then
      rollback(n, last, refused)
      tally[1] = count
      if counts then SEENOUT.removed = {} end
      SHUT = true
      past, became = value(node, i, depth, set, owners, tally, label)
      SHUT = false
    end
    if not shown then
      rollback(n, last, refused)
      became = GONE
    end
  end
  if counts then
    -- A list within that is broken off has left nothing to count by.
    for name, times in pairs(SEENOUT.removed or {}) do counts[name] = (counts[name] or 0) + times end
    SEENOUT.removed = counts
  end
  LOST, BURIED, SHOWN = lost, buried or within, met or shown
  return past, became
end

-- A member at a place where the API answers null for none: a concealed object that is hidden is null, too,
-- and one of which nobody can tell the resource, where it may be concealed.
function M.nullable_member(found, i, depth, set, owners, tally)
  local node, n, last, refused = found.node, RANGES, TO[RANGES], REFUSED
  local past, became = value(node, i, depth, set, owners, tally, found.label)
  if became ~= GONE or past < 0 or P[i] ~= 123 then return past, became end
  local body = node.body or choose(node.union, i, depth)
  local allowed = not (node.inside or SHUT)
  if node.inside then allowed = node.own[set] or node.null[set] end
  local unknown = body and not body.table and node.union and body == node.union["else"]
  local concealed = unknown and node.union.conceals or body and body.table and body.table.conceal
  if not (allowed and concealed) then return past, GONE end
  rollback(n, last, refused)
  -- It counts as the null of one that does not exist does, not as what stands for something withheld.
  RANGES, HOLLOW = RANGES + 1, false
  FROM[RANGES], TO[RANGES] = -1, -1
  return past, KEPT
end

-- A member that its line withholds, beside a count. Each object in it is hidden, unless what holds the member is
-- one of a list that the count stands outside of: the count is of these, not of what is within each.
function M.withheld_member(found, i, depth, set, owners, tally)
  local hidden, first, ended, lists = HIDDEN, FIRST, FIRST_END, LISTS
  local within = lists > 0 and PLAN.endpoints[ENDPOINT].counts == "beside"
  HIDDEN, FIRST = false, nil
  if not within then LISTS = -MAX_DEPTH end -- each object in it is hidden, whatever is shown of it
  local past, became
  if found.node.void then
    past, became = M.nullable_member(found, i, depth, set, owners, tally)
  else
    past, became = value(found.node, i, depth, set, owners, tally, found.label)
  end
  HIDDEN = hidden or not within and HIDDEN
  FIRST, FIRST_END, LISTS = first, ended, lists
  return past, became
end

local replaces -- forward

-- The same for a member of an object, whose name stands at `key`.
local function below(found, key, i, depth, set, owners, tally)
  PATH[depth] = found.name
  if not SUBJECT or not found.map then
    KEYED[depth] = false
    if CENSUS and found.node.inside and not found.node.any[set] then
      return M.withheld_member(found, i, depth + 1, set, owners, tally)
    end
    if found.map then return row(found.node, i, depth + 1, set, owners, tally, found.label) end
    if found.node.void then return M.nullable_member(found, i, depth + 1, set, owners, tally) end
    return value(found.node, i, depth + 1, set, owners, tally, found.label)
  end
  local name = found.name or name_of(key, string_end(key))
  PATH[depth], KEYED[depth], LISTS = name, name, LISTS + 1
  local past, became = value(found.node, i, depth + 1, set, owners, tally, found.label)
  local lost = past >= 0 and became ~= GONE and found.held and P[i] ~= 123 and not replaces(found.held, depth + 1)
  LISTS = LISTS - 1
  if lost then removed(found.label) end
  if not (lost or became == GONE) then return past, became end
  -- Nobody has to know what it is: where an object may stand, one goes with it.
  local may_hold = found.held and (not found.node.inside or found.node.any[set])
  return past, EVERY and (lost or may_hold) and REFUSE or GONE
end

-- Ends a kept or dropped part: what stands in its place, and whether anything does.
local function place(became)
  if became == NULL then
    RANGES = RANGES + 1
    FROM[RANGES], TO[RANGES] = -1, -1
  elseif became == REFUSE then
    REFUSED = REFUSED + 1
  end
end

-- Whether what stays of the value at `from` is a null in place of what is withheld, or such nulls alone.
local function is_hollow(became, from)
  return became == NULL or became == KEPT and P[from] == 123 and HOLLOW
end

-- Notes that an object lacks others which its caller left out, so that one may be hidden; `there`: names of
-- the members that it has. Few queries select all fields of the root of GraphQL: of its own counts alone.
-- Inside of a resource no row goes for that.
local function leave_out(body, there, depth)
  for name, tables in pairs(body.lacks) do
    for k = 1, there[name] and not CHOSEN[name] and 0 or tables.n do
      if not decide.of_any(PLAN, tables[k], KNOW) then
        if PLAN.endpoints[ENDPOINT].graphql and depth < 2 then
          FEWER = true
        elseif body.inside then
          HIDDEN, CENSUS = true, CENSUS and 2
        else
          CENSUS = CENSUS and 2
          LOST, HIDDEN, OBJECTS = true, true, OBJECTS + 1
        end
        return
      end
    end
  end
end

-- What stays of a list or a map of which nothing is kept: its brackets, the later of which stands at `i`.
local function emptied(start, i, n, last, refused)
  rollback(n, last, refused)
  emit(start, start + 1)
  emit(i, i + 1)
  return i + 1, KEPT
end

function record(body, i, depth, set, owners, tally)
  local there = CHOSEN and body.lacks and {}
  local start, level = i, LEVELS[depth]
  local n, last, refused = RANGES, TO[RANGES], REFUSED
  i = space(i + 1)
  if i < N and P[i] == 125 then
    if there then leave_out(body, there, depth) end
    if body.inside then
      -- An empty container is something that may be seen or not, as a scalar is.
      tally[1] = tally[1] + 1
    elseif not body.hold then
      return i + 1, GONE
    end
    emit(start, start + 1)
    emit(i, i + 1) -- `[ ]` would tell that no object was removed
    HOLLOW = false
    return i + 1, KEPT
  end
  emit(start, i)
  local expected, kept, hollow, at, mapped = body.first, false, true, -1, body.map
  local previous
  -- An object within one of the same kind must not overwrite the marks of the outer one.
  local stamp, seen = 0, nil
  if body.busy == RUN then
    seen = {}
  else
    body.busy = RUN
    STAMP = STAMP + 1
    stamp = STAMP
  end
  while true do
    local found, from = member(body, i, expected, level, stamp)
    if from < 0 then return -1, GONE end
    if seen then
      local name = name_of(i, string_end(i))
      if seen[name] then return -1, GONE end
      seen[name] = true
    end
    if previous then previous.next = found else body.first = found end
    previous, expected = found, found.next
    mapped = mapped and found.map
    if there and found.name then there[found.name] = true end
    local before, tail, no = RANGES, TO[RANGES], REFUSED
    if kept then emit(at, i) end -- what separates it from the one before
    emit(i, from)
    local past, became = below(found, i, from, depth, set, owners, tally)
    if past < 0 then return -1, GONE end
    if became == GONE then
      rollback(before, tail, no)
    else
      if became ~= KEPT then place(became) end
      kept = true
      hollow = hollow and is_hollow(became, from)
    end
    i = space(past)
    local b = i < N and P[i] or 0
    if b == 125 then
      if not seen then body.busy = 0 end
      if there then leave_out(body, there, depth) end
      if not (kept or mapped) or not (body.hold or body.inside) then
        rollback(n, last, refused)
        return i + 1, GONE
      end
      HOLLOW = hollow and not mapped
      if not kept then return emptied(start, i, n, last, refused) end
      emit(past, i + 1)
      return i + 1, KEPT
    end
    if b ~= 44 then return -1, GONE end
    at = past
    i = space(i + 1)
  end
end

function list(node, i, depth, set, owners, tally, label)
  local start, rule = i, node.list
  local n, last, refused = RANGES, TO[RANGES], REFUSED
  i = space(i + 1)
  if i < N and P[i] == 93 then
    LOOSE = false
    if node.inside then
      if node.any[set] then tally[1] = tally[1] + 1 end
    elseif not rule.hold then
      removed(label)
      return i + 1, GONE
    end
    emit(start, start + 1)
    emit(i, i + 1) -- `[ ]` would tell that no object was removed
    return i + 1, KEPT
  end
  emit(start, i)
  local kept, at, index, counts = false, -1, 0, SEENOUT.removed
  local loose = false
  -- A list that goes as a whole is one thing that goes.
  if not rule.hold then SEENOUT.removed = nil end
  while true do
    local before, tail, no = RANGES, TO[RANGES], REFUSED
    local each = rule.node
    if rule.places then each = rule.at[index] or each end
    if kept then emit(at, i) end -- what separates it from the one before
    local from, met, first = i, OBJECTS, P[i]
    LISTS, PATH[depth], KEYED[depth] = LISTS + 1, index, false
    local past, became = row(each, i, depth + 1, set, owners, tally, rule.label)
    LISTS = LISTS - 1
    if past < 0 then return -1, GONE end
    if became == GONE and EVERY then became = REFUSE end
    loose = loose or (OBJECTS == met and first ~= 110)
    if became == GONE then
      rollback(before, tail, no)
    else
      if became ~= KEPT then place(became) end
      kept = true
    end
    index = index + 1
    i = space(past)
    local b = i < N and P[i] or 0
    if b == 93 then
      LOOSE = loose
      if not rule.hold then
        rollback(n, last, refused)
        SEENOUT.removed = counts
        removed(label)
        return i + 1, node.inside and node.stand or GONE
      end
      if not kept then return emptied(start, i, n, last, refused) end
      emit(past, i + 1)
      return i + 1, KEPT
    end
    if b ~= 44 then return -1, GONE end
    at = past
    i = space(i + 1)
  end
end

-- ---------------------------------------------------------------- sets of fields

-- What passes of two objects alike: a negative number stands for two sets, each of which may do so itself.
local MEETS, MEETING = {}, {}

local function paired(set, other)
  local pair = set .. " " .. other
  local found = MEETING[pair]
  if not found then
    found = -(#MEETS + 1)
    MEETS[-found], MEETING[pair] = { set, other }, found
  end
  return found
end

local function meet(set, other)
  if other == nil or set == other then return set end
  return set > other and paired(other, set) or paired(set, other)
end

-- What passes of an object with its key, which needs no `set` where it only says which object is meant.
local KEY = "key"
local function with_key(set) return paired(set, KEY) end

-- Of one field.
local BOTH = {
  __index = function(flags_, set)
    local pair = type(set) == "number" and MEETS[-set]
    if not pair then return nil end
    local found
    if pair[2] == KEY then
      found = flags_[pair[1]] or flags_.is_key
    else
      found = flags_[pair[1]] and flags_[pair[2]]
    end
    flags_[set] = found or false -- never nil, which would be looked up again
    return found
  end,
}

-- Of several fields, any of which will do.
local function some(fields)
  return {
    __index = function(flags_, set)
      if not MEETS[-set] then return nil end
      local found = false
      for k = 1, #fields do found = found or fields[k][set] end
      flags_[set] = found
      return found
    end,
  }
end

-- ---------------------------------------------------------------- objects of a resource

-- What `decide` asks of an object: members by the ranges that were noted.
local Subject = {}
Subject.__index = Subject

local function noted(self, segments)
  local n = self.spans[segments[1]]
  if not n then return nil end
  return n, self.level.from[n], self.level.to[n]
end

-- Values at a path of the object, decoded; nothing when its first member is not there.
local function values(self, segments)
  local n, from, to = noted(self, segments)
  if not n then return {} end
  local decoded = json.decode(sub(S, from + 1, to))
  if decoded == nil then return {} end
  if segments.n == 1 then return { decoded } end
  local rest = { n = segments.n - 1 }
  for k = 2, segments.n do rest[k - 1] = segments[k] end
  return json.at(decoded, rest)
end

-- An id as text straight from the bytes: a string without escapes, or an integer; nil: not so plain.
local function plain_id(from, to)
  local b = P[from]
  if b == 34 then
    local raw = sub(S, from + 2, to - 1)
    if not ESCAPES or not find(raw, "\\", 1, true) then return raw end
  elseif b >= 49 and b <= 57 then
    local past, int = number_end(from)
    if past == to and int then return sub(S, from + 1, to) end
  end
  return nil
end

-- Ids at a member path, those of a list that stands there too; `gaps`: not all of it can be read.
function Subject:texts(segments)
  local out = { n = 0 }
  local n, from, to = noted(self, segments)
  local decoded = n and json.decode(sub(S, from + 1, to))
  if decoded == nil then
    out.gaps = true
  else
    spelling.ids_at(decoded, segments, 2, out)
  end
  return out
end

function Subject:near(i, tells)
  local state = self.table.states[i]
  if not state.member then return nil end
  local left_out = CHOSEN and not tells and state.values.n or nil
  local n, from, to = noted(self, state.member)
  if not n then return left_out end
  if state.member.n == 1 then
    local b = P[from]
    if b == 116 or b == 102 then
      local truth = b == 116
      return truth and state.yes or state.no
    end
  end
  local every = values(self, state.member)
  local first = every[1]
  for k = 2, #every do
    if not json.alike(first, every[k]) and first ~= every[k] then return state.values.n end
  end
  if first == nil and state.member.n > 1 and spelling.garbled(json.decode(sub(S, from + 1, to)), state.member, 2, true) then
    return state.values.n
  end
  if left_out and spelling.lacks(json.decode(sub(S, from + 1, to)), state.member, 2) then return left_out end
  if first == nil or first == json.null then return nil end
  return decide.digit(state, first)
end

local NO_OWNERS = { n = 0 }

-- A text that can be no id names nobody.
local function add(owners, text)
  local first = byte(text) or 0
  if (first <= 32 or first == 127) and not spelling.id(text) then return end
  for k = 1, owners.n do
    if owners[k] == text then return end
  end
  owners.n = owners.n + 1
  owners[owners.n] = text
end

-- Whether an object that says some owners lacks what would say others.
local function partly(self, table_)
  for k = 1, table_.paths.n do
    local path = table_.paths[k]
    local n, from, to = noted(self, path)
    if not n then return true end
    if path.n > 1 and spelling.lacks(json.decode(sub(S, from + 1, to)), path, 2) then return true end
  end
  return false
end

local function owners_of(self, above)
  local table_ = self.table
  self.partly = false
  local kind, endpoint = table_.owner, PLAN.endpoints[ENDPOINT]
  local owners = self.level.owners
  owners.n = 0
  if kind == "field" then
    local said, odd = false, false
    for k = 1, table_.paths.n do
      local path = table_.paths[k]
      local n, from, to = noted(self, path)
      local text = n and path.n == 1 and plain_id(from, to)
      if text then
        said = true
        add(owners, text)
      elseif n then
        for _, found in ipairs(values(self, path)) do
          if found ~= json.null then said = true end
          local id = json.text(found)
          if id then add(owners, id) end
        end
        odd = odd or spelling.garbled(json.decode(sub(S, from + 1, to)), path, 2)
      end
    end
    if said or odd then
      self.partly = table_.several and (odd or partly(self, table_))
    elseif above == NO_OWNERS and PARAMS[endpoint.owner] then
      -- The path names the owner of what the endpoint shows, and not of what stands in it.
      add(owners, PARAMS[endpoint.owner])
    end
  elseif kind == "path" then
    if endpoint.owner ~= "" then
      if PARAMS[endpoint.owner] then add(owners, PARAMS[endpoint.owner]) end
    else
      for k = 1, table_.params.n do
        if PARAMS[table_.params[k]] then add(owners, PARAMS[table_.params[k]]) end
      end
    end
  elseif kind == "parent" then
    self.partly = above.partly or false
    for k = 1, above.n do add(owners, above[k]) end
  elseif kind == "caller" then
    for id in pairs(KNOW.ids) do add(owners, id) end
  end
  return owners
end

-- Whether what `call:` says of the endpoint lets this object through. What is nobody's belongs to whoever may
-- have the object that it stands in.
local function passes(subject, above)
  local endpoint = PLAN.endpoints[ENDPOINT]
  if not endpoint.call then return true end
  if above.passed and not subject.table.owned then return true end
  if endpoint.owner ~= "" and PARAMS[endpoint.owner] then
    return decide.may_call(PLAN, ENDPOINT, KNOW, PARAMS)
  end
  return decide.any(PLAN, endpoint.call, KNOW, subject)
end

local function target_near(subject, i)
  local state, said = subject.table.states[i], subject.target.states
  local value_ = said and said[state.name]
  if value_ == nil or value_ == json.null then return nil end
  return decide.digit(state, value_)
end

local NOBODYS = { n = 0 }

-- What an object says its key is, without null: a list.
local function keys_in(found)
  local said = {}
  for k = 1, #found do
    if found[k] ~= json.null then said[#said + 1] = found[k] end
  end
  return said
end

-- What the API shows of an object, or nil; what can be asked and was not is noted.
local function named(name, key)
  local all, mark = SUBJECT.named, name .. "\0" .. key
  if not all then return nil end
  local found = all.found[mark]
  if found ~= nil then return found or nil end
  if all.finders[name] and not all.marked[mark] then
    all.marked[mark] = true
    all.wanted[#all.wanted + 1] = { name = name, key = key, mark = mark }
  end
  return nil
end

-- One that is asked for below what the path of the request names has its key elsewhere where it stands in
-- another object than the one that is written.
local function by_key(table_, said)
  local all = SUBJECT.named
  if CONTEXT and all and all.below[table_.name] and not CONTEXT.here then return nil end
  local key = #said == 1 and spelling.id(said[1])
  return key and named(table_.name, key) or nil
end

-- Whether all of these keys are ids that are in a set.
local function all_in(said, ids)
  for k = 1, #said do
    local id = ids and spelling.id(said[k])
    if not id or not ids[id] then return false end
  end
  return true
end

local function ids_in(found)
  local ids = {}
  for k = 1, #found do
    local id = spelling.id(found[k])
    if id then ids[id] = true end
  end
  return ids
end

-- Keys of the object that is written, as the API shows it; nil: it does not.
local function shown_keys(table_)
  local one = SUBJECT
  if one.resource ~= table_.name then one = named("", "") or one end
  if one.resource ~= table_.name then return nil end
  return one.value and table_.key.n > 0 and json.at(one.value, table_.key) or nil
end

-- The same or as the path says: a set, or nil.
local function own_keys(table_)
  local one = SUBJECT
  if one.resource ~= table_.name and one.key and (table_.account or one.new) then return { [one.key] = true } end
  local shown = shown_keys(table_)
  return shown and ids_in(shown) or nil
end

-- Whether a key that the API does not know can be no other spelling of one that it does.
local function is_sole(table_, said)
  local id, finder = spelling.id(said[1]), SUBJECT.named.finders[table_.name]
  return id ~= nil and spelling.is_sole(id, finder and finder.form or "", shown_keys(table_) or {})
end

-- Whether a key that an object within no other one says is not of the one that is written.
local function names_another(table_, said)
  local one = SUBJECT
  if one.resource ~= table_.name then
    if one.resource ~= "" or one.unnamed or one.below then return true end
    -- Where nobody knows whose it is, it is nobody's; what a POST makes may have any key, and one of many
    -- may be there already.
    if one.owners.n == 0 then return false end
    if LISTS > 0 then return true end
    if one.new and not one.key then return false end
  end
  return not all_in(said, own_keys(table_))
end

-- Whether what a body holds may be another object than the one that is written: an account tells by its
-- key that it is the caller's own.
local function another(table_, said)
  local kind = table_.owner
  if table_.account and #said > 0 and all_in(said, KNOW.ids) then return false end
  -- An object within one that is new is new, unless it has a key.
  if CONTEXT and (kind == "field" or kind == "path") then return #said > 0 or not SUBJECT.new end
  if CONTEXT and (kind == "parent" or kind == "caller") then return #said > 0 or kind == "parent" end
  if not table_.owned then
    if LISTS > 0 and SUBJECT.resource == table_.name then return not all_in(said, own_keys(table_)) end
    return SUBJECT.unnamed and #said > 0
  end
  return #said > 0 and names_another(table_, said)
end

-- A new one, which is the caller's.
local function made(table_)
  local all = SUBJECT.named
  if not all then return nil end
  local new = all.made[table_.name]
  if not new then
    new = { resource = table_.name, owners = { n = 0 }, new = true }
    for id in pairs(KNOW.ids) do add(new.owners, id) end
    all.made[table_.name] = new
  end
  return new
end

-- Whether an object says that it is the caller's, and nobody else's.
local function is_own(table_, value_)
  if not json.is_object(value_) or table_.owner ~= "field" then return false end
  local said = 0
  for k = 1, table_.paths.n do
    local path = table_.paths[k]
    if table_.several and (spelling.lacks(value_, path, 1) or spelling.garbled(value_, path, 1)) then return false end
    for _, found in ipairs(json.at(value_, table_.paths[k])) do
      local id = spelling.id(found)
      if id then
        if not KNOW.ids[id] then return false end
        said = said + 1
      end
    end
  end
  return said > 0
end

-- The object around what is looked at, as the API shows it, or nil.
local function whole_around()
  local known = CONTEXT.known
  if not known or known.new or known.value then return known end
  local found = CONTEXT.itself and named("", "")
  return found and found.resource == CONTEXT.name and found or nil
end

local ITS_OWN = {} -- of one that may have been another: it is the one that is written, or made

-- One that stands in no other. A key that is free is of a new one, or the new name of the one that the
-- path names; one that may be another spelling of a key that is taken is neither.
local function named_by(table_, said)
  local all = SUBJECT.named
  if not all then return nil end
  if all.makes and not all.finders[table_.name] then return ITS_OWN end
  local found = by_key(table_, said)
  if not found or not found.new then return found end
  local names = LISTS == 0 and (SUBJECT.resource == table_.name or SUBJECT.key and table_.account)
  return (all.makes or names) and is_sole(table_, said) and ITS_OWN or nil
end

-- What an object has now at the place that is looked at, or the list, the null or the scalar that comes
-- first, and how many steps are left.
local function stored_at(value_, depth)
  local at, step = value_, AROUND
  while step < depth and json.is_object(at) do
    at = type(PATH[step]) == "string" and at[PATH[step]]
    step = step + 1
  end
  return at, depth - step
end

-- Keys of an object, and the name by which it stands in a map.
local function with_name(said, table_, name)
  if name and table_.key.n > 0 and not (#said == 1 and spelling.id(said[1]) == name) then
    said[#said + 1] = name
  end
  return said
end

local function has_keys(table_, value_, said, name)
  local has = with_name(table_.key.n > 0 and keys_in(json.at(value_, table_.key)) or {}, table_, name)
  for k = 1, #said do
    local id = spelling.id(said[k])
    if not id or not has[k] or spelling.id(has[k]) ~= id then return false end
  end
  return #has == #said
end

-- The first of some keys, joined; nil: one of them is no id.
local function joined(said, count)
  local ids = {}
  for k = 1, count do
    local id = spelling.id(said[k])
    if not id then return nil end
    ids[k] = #id .. ":" .. id
  end
  return table.concat(ids)
end

-- Steps to what is looked at, from the object around it: `*` into a list, `{}` to a value of a map, else to a
-- member of this name.
local LISTED = { { "*" } }
local function steps_to(depth)
  local steps = {}
  for step = AROUND, depth - 1 do
    local name = PATH[step]
    local kind = KEYED[step] and "{}" or type(name) ~= "string" and "*" or "."
    steps[#steps + 1] = { kind, kind ~= "*" and name }
  end
  return steps
end

-- Goes on by one step from some values, each with the names of the maps on its way.
local function stepped(found, step)
  local below, n = {}, 0
  for k = 1, #found do
    local each, names, mask = found[k][1], found[k][2], found[k][3]
    if json.is_array(each) then
      if step[1] == "{}" then names, mask = names .. "*", mask .. "*" end
      for j = 1, each.n do below[n + j] = { each[j], names, mask } end
      n = n + each.n
    elseif json.is_object(each) and step[1] == "{}" then
      for name, inner in pairs(each) do
        n = n + 1
        below[n] = { inner, names .. #name .. ":" .. name, mask .. "." }
      end
    elseif json.is_object(each) and step[1] == "." and each[step[2]] ~= nil then
      n = n + 1
      below[n] = { each[step[2]], names, mask }
    end
  end
  return below
end

-- What the API shows at a place, in whatever element of each list on the way there, by names and keys: a body
-- may name each of many, and each place is read once.
local STORED
local function stored_by_key(table_, value_, steps)
  local outline = { table_.name }
  for k = 1, #steps do
    outline[k + 1] = steps[k][1] .. (steps[k][1] == "." and #steps[k][2] .. ":" .. steps[k][2] or "")
  end
  local at = table.concat(outline, "\0")
  STORED[value_] = STORED[value_] or {}
  local place = STORED[value_][at]
  if place then return place end
  local found = { { value_, "", "" } }
  for k = 1, #steps do found = stepped(found, steps[k]) end
  place = { masks = {}, elements = {} }
  for k = 1, #found do
    local each, names = found[k][1], found[k][2]
    local said = table_.key.n > 0 and json.is_object(each) and keys_in(json.at(each, table_.key)) or {}
    local ids = joined(said, #said)
    if ids then
      local mark = names .. "\0" .. ids
      place.elements[mark] = place.elements[mark] or {}
      table.insert(place.elements[mark], each)
      place.masks[found[k][3]] = true
    end
  end
  STORED[value_][at] = place
  return place
end

-- Those at a place that have some keys and no other. In a map, the name of a value is a key of it.
local function having(table_, value_, said, steps)
  local place, found = stored_by_key(table_, value_, steps), {}
  local last, wanted = steps[#steps][1] == "{}" and steps[#steps][2], joined(said, #said)
  if not wanted then return found end
  local own = { wanted }
  if last then
    local named = spelling.id(said[#said]) == last
    local alone = named and #said == 1
    local twice = named and #said == 2 and spelling.id(said[1]) == last
    own = { alone and wanted or nil }
    if named and not twice then own[#own + 1] = joined(said, #said - 1) end
  end
  for mask in pairs(place.masks) do
    local names, met = {}, 0
    for k = 1, #steps do
      if steps[k][1] == "{}" then
        met = met + 1
        names[met] = mask:sub(met, met) == "*" and "*" or #steps[k][2] .. ":" .. steps[k][2]
      end
    end
    for k = 1, #own do
      local more = place.elements[table.concat(names) .. "\0" .. own[k]] or {}
      for m = 1, #more do found[#found + 1] = more[m] end
    end
  end
  return found
end

-- One whose owner is that of the object around it: with a key, where that object has it there now.
local function of_parent(table_, said, depth)
  local keyed = #said > 0
  local whole = CONTEXT.known
  if keyed then whole = whole_around() end
  if not whole or (keyed and whole.new) then return nil end
  local at, rest = stored_at(whole.value, depth)
  local value_
  if keyed and json.is_array(at) and rest == 1 then
    local found = having(table_, at, said, LISTED)
    for k = 1, #found do
      if json.is_object(found[k]) then value_ = found[k] end
    end
  elseif json.is_object(at) and (not keyed and rest == 0 or keyed and has_keys(table_, at, said, rest == 0 and KEYED[depth - 1])) then
    value_ = at
  end
  if keyed and not value_ then return nil end
  return {
    resource = table_.name, owners = whole.owners or SUBJECT.owners, partly = whole.partly,
    new = whole.new, value = value_, kinds = whole.kinds,
  }
end

-- Another object than the one that is written, as it is known: by its key, or without one by what stands
-- now in the place that it would take.
local function other(table_, said, depth)
  if not CONTEXT then return named_by(table_, said) end
  if table_.owner == "parent" then return of_parent(table_, said, depth) end
  if #said > 0 then
    local found = by_key(table_, said)
    return found and not found.new and found or nil
  end
  local whole = whole_around()
  if not whole then return nil end
  if whole.new then return made(table_) end
  local at, rest = stored_at(whole.value, depth)
  -- What stands in for an account that is hidden looks the same, and nobody makes one so.
  if at == json.null and not table_.account then return made(table_) end
  if json.is_array(at) and rest == 1 and not table_.account then
    for k = 1, at.n do
      if not is_own(table_, at[k]) then return nil end
    end
    return made(table_)
  end
  if not json.is_object(at) or rest > 0 or table_.key.n == 0 then return nil end
  local stored = keys_in(json.at(at, table_.key))
  return #stored > 0 and by_key(table_, stored) or nil
end

-- Whether the API shows `null` at the place that is looked at, or where it stands in.
local function is_empty(depth)
  local whole = whole_around()
  if CONTEXT.empty then return true end
  return whole ~= nil and not whole.new and (stored_at(whole.value, depth)) == json.null
end

local function is_other(table_, whole, value_)
  local kind = whole.kinds()[value_]
  return kind ~= nil and kind ~= table_.name
end

-- Whether only the key says which object is meant: nothing else in the request does, it is the name of a
-- value in a map, or the API shows `null` there, or that key in that list.
local function addresses(table_, said, depth)
  if KEYED[depth - 1] then return true end
  if not CONTEXT then
    local all = SUBJECT.named
    return SUBJECT.unnamed and not (all and all.finders[""] and LISTS == 0)
  end
  if is_empty(depth) then return true end
  local whole, listed = whole_around(), false
  for step = AROUND, depth - 1 do
    listed = listed or type(PATH[step]) ~= "string" or KEYED[step]
  end
  return whole ~= nil and listed and whole.value ~= nil
    and #having(table_, whole.value, said, steps_to(depth)) > 0
end

local function any_of(ids, owners)
  for k = 1, owners.n do
    if ids[owners[k]] then return true end
  end
  return false
end

-- The object at the place that is looked at by some keys, or by none, as `subject`, and as context of what
-- is in it: what it says of its owner or state itself is only a wish.
local function one(subject, said, depth)
  local table_, target = subject.table, SUBJECT
  local itself = not another(table_, said)
  local found = not itself and table_.owned and other(table_, said, depth) or nil
  local context = { name = table_.name, itself = itself or found == ITS_OWN, named = not itself }
  -- What it holds stands where the path of the request says. What is nobody's is another thing for each
  -- key, and what has none and is the owner's of what is around it is a part of that.
  local here, same = not CONTEXT or CONTEXT.here, nil
  if context.itself then
    same = SUBJECT.resource == table_.name and not CONTEXT
    context.here = here and (table_.owned or not CONTEXT or #said == 0)
    context.empty = itself and not table_.owned and CONTEXT ~= nil and is_empty(depth)
    context.known = same and SUBJECT or { new = SUBJECT.new, owners = SUBJECT.owners, partly = SUBJECT.partly }
    subject.owners = SUBJECT.owners
  else
    if found and found.resource ~= table_.name then found = nil end
    -- What the API shows of the one that the path names says nothing of another.
    same = found ~= nil
    context.here = here and table_.owner == "parent" and #said == 0 and found ~= nil
    context.known, target = found, found or SUBJECT
    subject.owners = found and found.owners or NOBODYS
  end
  subject.owned, subject.partly, subject.target = table_.owned, target.partly or false, target
  subject.near = same and target_near or false
  subject.texts = same and target.texts or false
  return context
end

-- Whether the API shows one of another resource where a body has one of `table_`, or one that nobody can
-- tell.
local function differs(table_, said, depth)
  if not CONTEXT then return SUBJECT.unlike ~= nil and SUBJECT.unlike[table_.name] or false end
  local whole = whole_around()
  if not whole or whole.new or not whole.kinds then return false end
  local at, rest = stored_at(whole.value, depth)
  if rest == 0 or not json.is_array(at) then
    return rest == 0 and json.is_object(at) and is_other(table_, whole, at)
  end
  local found = #said > 0 and having(table_, whole.value, said, steps_to(depth)) or {}
  for k = 1, #found do
    if is_other(table_, whole, found[k]) then return true end
  end
  return false
end

-- The keys of what the API shows under a name of a map, if that is none of them; nil: it is.
local function slot(table_, depth)
  local name = KEYED[depth - 1]
  local whole = name and CONTEXT and whole_around()
  if not whole or whole.new or table_.key.n == 0 then return nil end
  local at, rest = stored_at(whole.value, depth)
  if rest > 0 or not json.is_object(at) then return nil end
  local said = keys_in(json.at(at, table_.key))
  return #said > 0 and not (#said == 1 and spelling.id(said[1]) == name) and said or nil
end

local REPLACED = setmetatable({}, Subject)
-- Whether something else than an object may stand for a name in a map whose values may be objects of some
-- resources: it removes the one of that name, which has to be the caller's own, or where it is nobody's one of
-- which they may set something.
function replaces(tables, depth)
  local around, own, context = AROUND and LEVELS[AROUND].contexts, false, CONTEXT
  for j = 1, tables.n do
    local table_, mine, free = tables[j], true, false
    REPLACED.table = table_
    local said = with_name({}, table_, KEYED[depth - 1])
    for k = 1, around and around.n or 1 do
      CONTEXT = around and around[k] or nil
      local stored = table_.owned and slot(table_, depth)
      if stored then
        one(REPLACED, stored, depth)
        mine = mine and any_of(KNOW.ids, REPLACED.owners)
      end
      one(REPLACED, said, depth)
      if table_.owned then
        mine = mine and any_of(KNOW.ids, REPLACED.owners)
        local found = by_key(table_, said)
        free = found ~= nil and found.new and is_sole(table_, said)
      else
        mine = mine and not table_.zero[decide.settle(PLAN, table_, KNOW, REPLACED)]
      end
    end
    own = own or mine
    if not mine and not free then
      CONTEXT = context
      return false
    end
  end
  CONTEXT = context
  return own
end

local function alike(one_, other_)
  local a, b = one_.known, other_.known
  if one_.itself ~= other_.itself or one_.here ~= other_.here or one_.empty ~= other_.empty then return false end
  return one_.itself or a == b
    or a and b and a.value == b.value and a.owners == b.owners and a.new == b.new and a.partly == b.partly
end

local function noted_once(contexts, context)
  for k = 1, contexts.n do
    if alike(contexts[k], context) then return end
  end
  contexts.n = contexts.n + 1
  contexts[contexts.n] = context
end

-- The fields that the caller may set of whatever object may be meant, of the one that stands there and of
-- the one that a key names: an API may take either, so both have to let them be set.
local KEYLESS = {}

-- Whether the key of one of many says which object is put there, and changes none.
local function selects(table_, said)
  return #said > 0 and not CONTEXT and LISTS > 0 and table_.owner == "field" and not table_.account
end

local function written(subject, level, depth)
  local table_ = subject.table
  local said = keys_in(table_.key.n > 0 and values(subject, table_.key) or {})
  with_name(said, table_, KEYED[depth - 1])
  local around, contexts, set, other_kind = AROUND and LEVELS[AROUND].contexts, { n = 0 }, nil, false
  level.keyed = false
  for k = 1, around and around.n or 1 do
    CONTEXT = around and around[k] or nil
    local alone, listed = #said > 0 and addresses(table_, said, depth), selects(table_, said)
    other_kind = differs(table_, said, depth) or other_kind
    local first
    local stored = slot(table_, depth)
    if stored then
      noted_once(contexts, one(subject, stored, depth))
      set = meet(decide.settle(PLAN, table_, KNOW, subject), set)
    end
    if #said > 0 and not alone then
      noted_once(contexts, one(subject, KEYLESS, depth))
      first = decide.settle(PLAN, table_, KNOW, subject)
    end
    if first and not listed and not table_.sends_key[first] then
      -- The key is not sent, so whether there is an object with it decides nothing.
      set = meet(first, set)
    else
      local context = one(subject, said, depth)
      local each = decide.settle(PLAN, table_, KNOW, subject)
      -- Without its key, what is left would be a write of another.
      if alone and not context.itself or listed and context.named then level.keyed = table_.key[1] end
      local known = not table_.owned or context.known and not context.known.new
      if known and not context.itself and (alone or listed) then
        if first and not table_.zero[first] then first = with_key(first) end
        if not table_.zero[each] then each = with_key(each) end
      end
      if first then set = meet(first, set) end
      noted_once(contexts, context)
      set = meet(each, set)
    end
  end
  -- A path that ends with a word names what stands there, whatever is around that.
  local stands = not around and (#said == 0 or LISTS == 0) and SUBJECT.stands
  for k = 1, stands and #stands or 0 do
    local each = stands[k]
    if each.resource == "" or each.resource == table_.name then
      local same = each.resource ~= ""
      -- What nobody can tell the resource of is somebody's.
      subject.owners, subject.owned, subject.partly = each.owners, table_.owned or not same, each.partly or false
      subject.target, subject.near, subject.texts = each, same and target_near or false, same and each.texts or false
      set = meet(decide.settle(PLAN, table_, KNOW, subject), set)
      noted_once(contexts, { name = table_.name, itself = false, here = false, known = each })
    end
  end
  level.contexts = contexts
  return other_kind and 0 or set
end

-- Notes what an object says of settings of its owner that may be looked up for others, the most closed of each.
function M.tell(subject, tells)
  if KNOW.run ~= RUN then KNOW.run, KNOW.says = RUN, {} end
  local owner, says = subject.owners[1], KNOW.says
  for k = 1, #tells do
    local said = subject:near(tells[k].i, true)
    if said then
      local of = says[tells[k].far] or {}
      says[tells[k].far] = of
      of[owner] = math.max(of[owner] or 0, said)
    end
  end
end

-- The set of fields that pass of one object, and its owners.
local function judge(body, level, above, depth)
  local subject = body.subject -- of no use to anybody after this, so one will do
  subject.level = level
  if SUBJECT then
    local set = written(subject, level, depth)
    MET = MET or above == NO_OWNERS
    return set, subject.owners
  end
  subject.owners = owners_of(subject, above)
  if subject.tells and subject.owners.n == 1 and not subject.partly then M.tell(subject, subject.tells) end
  local passed = passes(subject, above)
  MET = MET or passed and above == NO_OWNERS
  subject.owners.passed, subject.owners.partly = passed, subject.partly
  if not passed then return body.table.closed, subject.owners end
  return decide.settle(PLAN, body.table, KNOW, subject), subject.owners
end

-- An object that says no owner counts by its key: else whoever tries ids is not counted.
local function key_of(body)
  local said = body.table.key.n > 0 and values(body.subject, body.table.key) or {}
  local id = #said == 1 and spelling.id(said[1])
  return id and "\0" .. id or nil
end

-- What is kept of the text since a place, in one piece.
local function kept_since(n, at)
  local pieces, count = {}, 0
  for k = n, RANGES do
    local from, to = FROM[k], TO[k]
    if from >= 0 and to > at then
      count = count + 1
      pieces[count] = sub(S, (from > at and from or at) + 1, to)
    elseif from < 0 and k > n then
      count = count + 1
      pieces[count] = "null"
    end
  end
  return table.concat(pieces)
end

-- How one is called that says neither owner nor key: by what is shown of it, alike ones being several.
local function unnamed(said)
  local alike = SEENOUT.alike or {}
  SEENOUT.alike = alike
  alike[said] = (alike[said] or 0) + 1
  return "\0\0" .. alike[said] .. "\0" .. said
end
M.unnamed = unnamed

-- Notes an object that counts against a limit and is shown, kept after range `n`, which ended at `last`.
local function shown(body, owners, key, n, last, at)
  local found = { after = n, ended = last, table = body.table, of = {}, key = key }
  for k = 1, owners.n do found.of[k] = owners[k] end
  if owners.n == 0 and not key and not SEENOUT.rows then found.said = kept_since(n, at) end
  COUNTEDS = COUNTEDS + 1
  COUNTED[COUNTEDS] = found
end

-- Counts those of them that are left.
local function count_shown()
  for i = 1, COUNTEDS do
    local each = COUNTED[i]
    local name = each.table.name
    local of = SEENOUT.owners[name] or {}
    SEENOUT.owners[name] = of
    for k = 1, #each.of do of[each.of[k]] = true end
    if #each.of == 0 and SEENOUT.rows then
      SEENOUT.rows[#SEENOUT.rows + 1] = each.table
    elseif #each.of == 0 then
      of[each.key or unnamed(each.said)] = true
    end
  end
end

-- Lists the members of an object; returns where it ends, and how many they are.
local function members(body, i, depth, level)
  STAMP = STAMP + 1
  local stamp = STAMP
  local entries, keys, froms, tos = level.entry, level.key, level.from, level.to
  local spans, captured = body.spans, body.captured
  for k = 1, captured.n do spans[captured[k]] = nil end
  local expected, previous, n = body.first, nil, 0
  i = space(i + 1)
  if i < N and P[i] == 125 then return i + 1, 0 end
  while true do
    local found, from = member(body, i, expected, level, stamp)
    if from < 0 then return -1, 0 end
    if previous then previous.next = found else body.first = found end
    previous, expected = found, found.next
    local b = from < N and P[from] or 0
    local past
    if b == 34 then
      past = string_end(from)
    elseif b == 123 or b == 91 then
      past = skip(from, depth + 1)
    else
      past = scalar_end(from)
    end
    if past < 0 then return -1, 0 end
    n = n + 1
    entries[n], keys[n], froms[n], tos[n] = found, i, from, past
    if found.capture then spans[found.capture] = n end
    i = past
    b = i < N and P[i] or 0
    if b <= 32 then
      i = space(i)
      b = i < N and P[i] or 0
    end
    if b == 125 then return i + 1, n end
    if b ~= 44 then return -1, 0 end
    i = i + 1
    if i < N and P[i] <= 32 then i = space(i) end
  end
end

-- Whether an object has an owner of its own. An account that stands below another object says with whom
-- that has to do, as a member of a club, and so is not its own there.
local function owned(table_, owners)
  return owners.n > 0 and table_.owned and table_.owner ~= "parent" and not table_.account
end

local function object_at(body, i, depth, above)
  local level = LEVELS[depth]
  local past, n = members(body, i, depth, level)
  if past < 0 then return -1, GONE end
  local set, owners = judge(body, level, above, depth)
  if CHOSEN and body.lacks then
    local there = {}
    for k = 1, n do
      local name = level.entry[k].name
      if name then there[name] = true end
    end
    leave_out(body, there, depth)
  end
  local keyed, lost, sets = false, false, SEENOUT.sets
  if SUBJECT then AROUND, keyed = depth, level.keyed end
  if APART and above == NO_OWNERS and not owned(body.table, owners) then
    removed(body.table.name)
    HIDDEN = true
    return past, GONE
  end
  local counted = body.table.limit and owners.n == 0 and SEENOUT.owners and key_of(body)
  local closed = body.table.zero[set]
  if closed and not CENSUS then
    removed(body.table.name)
    return past, GONE
  end
  if n == 0 then
    HIDDEN = true
    if closed then
      removed(body.table.name)
      return past, GONE
    end
    SEENOUT.sets, HOLLOW = true, false
    emit(i, past)
    return past, KEPT
  end
  local before, last, refused = RANGES, TO[RANGES], REFUSED
  local entries, keys, froms, tos = level.entry, level.key, level.from, level.to
  local tally, kept, hollow, seen, counts = level.tally, false, true, 0, SEENOUT.removed
  tally[1] = 0
  if closed then SEENOUT.removed = nil end
  emit(i, keys[1])
  for k = 1, n do
    local found, key, from, to = entries[k], keys[k], froms[k], tos[k]
    local node, b, before_it = found.node, P[from], tos[k - 1]
    if b ~= 123 and b ~= 91 and not DROP_COUNTS and not (SUBJECT and found.held) then
      if node.inside and (node.own[set] and (b == 110 or not node.solid) or (b == 110 and node.null[set])
        or b == 34 and CELLS and in_cell(node, set)) then
        seen = seen + 1
        if kept then emit(before_it, key) end
        emit(key, to)
        kept, hollow = true, false
      else
        if CENSUS and node.inside and node.misfits ~= 0 then
          local past, kind = scalar_end(from)
          if band(node.misfits, kind) ~= 0 and says(from, past, kind) then HIDDEN, CENSUS = true, 2 end
        end
        removed(found.label)
        lost = lost or keyed and found.capture == keyed
        if node.stand and node.stand ~= GONE then
          if kept then emit(before_it, key) end
          emit(key, from)
          place(node.stand)
          kept, hollow = true, hollow and node.stand == NULL
        end
      end
    else
      local ranges, tail, no = RANGES, TO[RANGES], REFUSED
      if kept then emit(before_it, key) end
      emit(key, from)
      local pieces = RANGES
      local _, became = below(found, key, from, depth, set, owners, tally)
      local entire = became == KEPT and RANGES == pieces and TO[RANGES] == to
      lost = lost or keyed and found.capture == keyed and not entire
      if became == GONE then
        rollback(ranges, tail, no)
      else
        if became ~= KEPT then place(became) end
        kept, hollow = true, hollow and is_hollow(became, from)
      end
    end
  end
  if lost then
    rollback(before, last, refused)
    SEENOUT.sets = sets
    return past, GONE
  end
  if seen + tally[1] == 0 then
    HIDDEN = true
  elseif not closed then
    if not FIRST then FIRST, FIRST_END = before, last end
    if body.table.limit and SEENOUT.owners then shown(body, owners, counted, before, last, i) end
  end
  if closed or not kept or (hollow and not SUBJECT) then
    rollback(before, last, refused)
    if closed then
      SEENOUT.removed = counts
      removed(body.table.name)
    end
    return past, GONE
  end
  SEENOUT.sets, HOLLOW = true, false
  emit(tos[n], past)
  return past, KEPT
end

function object(body, i, depth, above)
  local around = AROUND
  local past, became = object_at(body, i, depth, above)
  AROUND = around
  if above == NO_OWNERS then
    OBJECTS = OBJECTS + 1
    if became == GONE then LOST = true else SHOWN = true end
  end
  return past, became
end

-- ---------------------------------------------------------------- loading

local STANDS = { absent = GONE, null = NULL, refuse = REFUSE }

local function flags(text)
  local made = {}
  for k = 1, #text do made[k] = text:byte(k) == 49 end
  return made
end

-- Flags of fields, each by itself.
local function parted(texts)
  local parts = {}
  for k = 1, texts.n do
    local is_key = byte(texts[k]) == 107
    parts[k] = setmetatable(flags(is_key and sub(texts[k], 2) or texts[k]), BOTH)
    parts[k][0], parts[k].is_key = false, is_key
  end
  return parts
end

local function given(v)
  if v == json.null then return nil end
  return v
end

local function load_tables(plan)
  for k = 1, plan.tables.n do
    local table_ = plan.tables[k]
    local zero = {}
    for j = 1, table_.zero.n do zero[table_.zero[j] + 1] = true end
    table_.zero, table_.closed = zero, 0
    local certain = {}
    for j = 1, table_.certain.n do certain[table_.certain[j]] = true end
    table_.certain = certain
    if table_.parts then
      local parts = parted(table_.parts)
      table_.sends_key = setmetatable(flags(table_.sends_key), BOTH)
      setmetatable(zero, {
        __index = function(_, set)
          if not MEETS[-set] then return nil end
          for j = 1, #parts do
            if parts[j][set] then return false end
          end
          return true
        end,
      })
    end
    zero[0] = true -- the endpoint is not passed: no field of any set
    for j = 1, table_.relations.n do table_.relations[j] = table_.relations[j] + 1 end
    for j = 1, table_.states.n do
      local state = table_.states[j]
      state.member = given(state.member)
      state.yes, state.no = decide.digit(state, true), decide.digit(state, false)
      if state.member and not state.elsewhere and plan.states[state.far] and not table_.writing then
        table_.tells = table_.tells or {}
        table.insert(table_.tells, { i = j, far = state.far })
      end
    end
    table_.owned = table_.owner ~= "none"
    table_.several = table_.paths.n > 1
    for j = 1, table_.paths.n do
      for i = 1, table_.paths[j].n do table_.several = table_.several or table_.paths[j][i] == "*" end
    end
    table_.limit = given(table_.limit) and table_.limit + 1 or nil
    decide.prepare_table(plan, table_)
  end
end

-- First members of the paths at which an object says its owner, its state, or who stands in it.
local function captures(plan, table_)
  local names = {}
  if not table_ then return names end
  for k = 1, table_.paths.n do names[table_.paths[k][1]] = true end
  if (table_.writing or table_.limit) and table_.key.n > 0 then names[table_.key[1]] = true end
  for k = 1, table_.states.n do
    if table_.states[k].member then names[table_.states[k].member[1]] = true end
  end
  for k = 1, plan.relations.n do
    if plan.relations[k].member then names[plan.relations[k].member[1]] = true end
  end
  return names
end

local function load_bodies(plan)
  for k = 1, plan.bodies.n do
    local body = plan.bodies[k]
    for i = 1, body.held.n do body.held[i] = plan.tables[body.held[i] + 1] end
    local held = body.held.n > 0 and body.held
    body.table = given(body.table) and plan.tables[body.table + 1]
    body.blind = not body.hold and not body.inside
    local wanted = captures(plan, body.table)
    local members_, captured = {}, { n = 0 }
    body.extra = entry(plan.nodes[body.extra[1] + 1], body.extra[2])
    body.extra.map, body.extra.held = true, held
    body.names = body.names and plan.automata[body.names + 1]
    for i = 1, body.names and body.classes.n or 0 do
      body.classes[i] = entry(plan.nodes[body.classes[i][1] + 1], body.classes[i][2])
      body.classes[i].map, body.classes[i].held = true, held
    end
    for name, pair in pairs(body.members) do
      members_[name] = entry(plan.nodes[pair[1] + 1], pair[2], name)
    end
    for i = 1, body.rows.n do
      members_[body.rows[i]].map, members_[body.rows[i]].held = true, held
    end
    for name in pairs(wanted) do
      if not members_[name] then
        local other = M.undeclared(body, name)
        members_[name] = entry(other.node, other.label, name)
        members_[name].map, members_[name].held = true, held
      end
      members_[name].capture = name
      captured.n = captured.n + 1
      captured[captured.n] = name
    end
    for _, tables in pairs(body.lacks) do
      for i = 1, tables.n do tables[i] = plan.tables[tables[i] + 1] end
    end
    body.lacks = next(body.lacks) and body.lacks or nil
    body.members, body.captured, body.spans = members_, captured, {}
    local table_ = body.table or {}
    body.subject = setmetatable(
      { table = body.table, spans = body.spans, owned = table_.owned, tells = table_.tells or false }, Subject)
    body.strangers, body.learnt, body.first, body.busy = {}, 0, false, 0
  end
end

local function load_nodes(plan)
  for k = 1, plan.nodes.n do
    local node = plan.nodes[k]
    node.stand = STANDS[node.instead] or GONE
    if k == 1 then
      node.nothing = true
    else
      node.inside = node.own ~= nil
      for i = 1, node.refs and node.refs.n or 0 do node.refs[i] = plan.tables[node.refs[i] + 1] end
      node.refs = node.refs and node.refs.n > 0 and node.refs or nil
      for i = 1, node.gaps and node.gaps.n or 0 do node.gaps[i] = plan.tables[node.gaps[i] + 1] end
      if node.inside then
        node.own, node.any = flags(node.own), flags(node.any)
        node.own[0], node.any[0] = false, false
        if node.parts then
          setmetatable(node.own, some(parted(node.parts.own)))
          setmetatable(node.any, some(parted(node.parts.any)))
        end
        node.null = node.null and setmetatable(flags(node.null), BOTH) or node.any
      end
      node.body = node.body and plan.bodies[node.body + 1]
      node.union = node.union and plan.unions[node.union + 1]
      local at, places = {}, false
      for index, each in pairs(node.list.at) do
        at[tonumber(index)], places = plan.nodes[each + 1], true
      end
      node.list.node, node.list.at, node.list.places = plan.nodes[node.list.node + 1], at, places
    end
  end
end

local function load_unions(plan)
  for k = 1, plan.unions.n do
    local union = plan.unions[k]
    union.somebodys, union.names = false, {}
    for j = 1, union.ways.n do
      local way = union.ways[j]
      way.body = plan.bodies[way.body + 1]
      union.somebodys = union.somebodys or way.resource ~= ""
      local names = {}
      for i = 1, way.names.n do
        names[way.names[i]] = true
        union.names[way.names[i]] = true
      end
      way.names = names
    end
    -- The one resource there is among them; nil: there are several, or none.
    local only = next(union.all)
    union.only = only and next(union.all, only) == nil and only or nil
    union.nobodys = plan.bodies[union.nobodys + 1]
    for said, way in pairs(union.tags) do union.tags[said] = way + 1 end
    for name, body in pairs(union.all) do union.all[name] = plan.bodies[body + 1] end
    union["else"] = plan.bodies[union["else"] + 1]
  end
end

local function load_target(plan, target)
  target.endpoint = given(target.endpoint) and target.endpoint + 1
  target.resource = given(target.resource) and plan.tables[target.resource + 1]
  for k = 1, target.enclosing.n do
    local each = target.enclosing[k]
    target.enclosing[k] = { depth = each[1], table = plan.tables[each[2] + 1] }
  end
  for name, node in pairs(target.nodes) do target.nodes[name] = plan.nodes[node + 1] end
  target.likely_node = plan.nodes[target.likely_node + 1]
  target.after = given(target.after)
  if target.after then load_target(plan, target.after) end
  target.above = given(target.above)
  if target.above then load_target(plan, target.above) end
  for k = 1, target.around.n do load_target(plan, target.around[k]) end
end

local function load_concealed(plan, concealed)
  concealed.reader = given(concealed.reader) and concealed.reader + 1
  local list = concealed.resources
  for i = 1, list.n do list[i] = plan.tables[list[i] + 1] end
end

-- What many endpoints have alike stands in the plan once.
local function load_shared(plan, endpoint)
  local named = plan.shared[endpoint.named + 1]
  endpoint.named, endpoint.plain = named, given(endpoint.plain)
  if not plan.loaded[named] then
    plan.loaded[named] = true
    for _, concealed in pairs(named) do load_concealed(plan, concealed) end
  end
  for _, plain in pairs { endpoint.plain or nil, endpoint.asked or nil } do plain.words = plan.shared[plain.words + 1] end
end

local function load_endpoints(plan)
  for k = 1, plan.endpoints.n do
    local endpoint = plan.endpoints[k]
    endpoint.call = given(endpoint.call)
    for j = 1, endpoint.call and endpoint.call.n or 0 do endpoint.call[j] = endpoint.call[j] + 1 end
    load_target(plan, endpoint.target)
    for _, target in pairs(endpoint.finders) do load_target(plan, target) end
    endpoint.typed = given(endpoint.typed)
    if endpoint.typed then load_target(plan, endpoint.typed) end
    endpoint.standing = given(endpoint.standing)
    if endpoint.standing then load_target(plan, endpoint.standing) end
    endpoint.accept = given(endpoint.accept)
    endpoint.hidden, endpoint.asked = given(endpoint.hidden), given(endpoint.asked)
    if endpoint.hidden then load_concealed(plan, endpoint.hidden) end
    for i = 1, endpoint.others.n do load_concealed(plan, endpoint.others[i]) end
    load_shared(plan, endpoint)
    for i = 1, endpoint.written.n do endpoint.written[i] = plan.tables[endpoint.written[i] + 1] end
    for media, node in pairs(endpoint.accept or {}) do
      endpoint.accept[media] = node ~= json.null and plan.nodes[node + 1]
    end
    for _, answers in pairs(endpoint.answers) do
      for _, answer in pairs(answers) do
        answer.node, answer.error = plan.nodes[answer.node + 1], plan.nodes[answer.error + 1]
        answer.node.columns, answer.error.columns = answer.columns, answer.columns
        answer.node.says, answer.error.says = answer.says, answer.says
      end
    end
  end
end

-- Makes a decoded plan ready: indices become references, or count from 1 where a number stays.
function M.load(plan)
  for k = 1, plan.relations.n do
    local relation = plan.relations[k]
    relation.ask = given(relation.ask) and relation.ask + 1
    relation.claim = given(relation.claim)
    relation.member = given(relation.member)
    relation.has = given(relation.has)
  end
  decide.prepare(plan)
  load_tables(plan)
  load_unions(plan)
  load_nodes(plan)
  load_bodies(plan)
  for k = 1, plan.unions.n do
    local union = plan.unions[k]
    for j = 1, union.ways.n do
      local of = union.ways[j].body.table
      union.conceals = union.conceals or of and of.conceal
    end
  end
  plan.loaded = {}
  load_endpoints(plan)
  plan.loaded = nil
  for _, state in pairs(plan.states) do state.ask = state.ask + 1 end
  if plan.caller.ask then plan.caller.ask = plan.caller.ask + 1 end
  return plan
end

-- ---------------------------------------------------------------- the entry points

-- One look at every byte, sixteen at a time: what the innermost loops need not look for again.
local function survey()
  local q = cast("const int32_t *", P)
  local high, low = 0, 0
  local words = math.floor(N / 16) * 4
  for k = 0, words - 1, 4 do
    local a, b, c, d = q[k], q[k + 1], q[k + 2], q[k + 3]
    high = bor(high, a, b, c, d)
    low = bor(low,
      band(tobit(a - 0x20202020), bnot(a)), band(tobit(b - 0x20202020), bnot(b)),
      band(tobit(c - 0x20202020), bnot(c)), band(tobit(d - 0x20202020), bnot(d)))
  end
  local wide, controls = band(high, 0x80808080) ~= 0, band(low, 0x80808080) ~= 0
  for k = words * 4, N - 1 do
    if P[k] >= 128 then wide = true elseif P[k] < 32 then controls = true end
  end
  CONTROLS = controls
  ESCAPES = find(S, "\\", 1, true) ~= nil
  return not wide or json.utf8_valid(S)
end

local function run(node)
  RUN, LISTS, AROUND = RUN + 1, 0, nil
  -- One by one, each is one instruction: this is done for every row of a table.
  LOST = false
  BURIED = false
  SHOWN = false
  FIRST = nil
  COUNTEDS = 0
  RANGES, TO[0], FROM[0], REFUSED = 0, -1, -1, 0
  SEENOUT.alike = nil
  local start = space(0)
  if start > 0 then emit(0, start) end
  -- An event of a feed is one of many, as an element of a list is.
  local walk = SEENOUT.event and row or value
  local past, became = walk(node, start, 0, 0, NO_OWNERS, { 0 }, "")
  if past < 0 or space(past) < N then
    WHY = "unreadable"
    return false
  end
  if became ~= KEPT then
    WHY = became == REFUSE and "refused" or "nothing"
    return became == NULL
  end
  if REFUSED > 0 then
    WHY = "refused"
    return false
  end
  if past < N then emit(past, N) end
  return true
end

-- Whether an answer says something more closed of a setting than what was looked up.
function M.contradicts(says, looked)
  for path, of in pairs(says) do
    for owner, said in pairs(looked[path] and of or {}) do
      if looked[path][owner] and said > looked[path][owner] then return true end
    end
  end
  return false
end

-- After a run that looked settings up: once more, if the answer shows one itself that is more closed.
function M.settled(node, know, seen, good)
  local looked = know.looked
  know.looked = nil
  if know.run ~= RUN or not M.contradicts(know.says, looked) then return good end
  know.told = know.says
  HIDDEN, FEWER, MET, CENSUS = false, false, false, CENSUS and true
  for label in pairs(seen.removed or {}) do seen.removed[label] = nil end
  return run(node)
end

local OUT = buffer.new()

local function assembled()
  if RANGES == 1 then
    if FROM[1] == 0 and TO[1] == N then return S end
    return sub(S, FROM[1] + 1, TO[1])
  end
  for k = 1, RANGES do
    local from = FROM[k]
    if from < 0 then OUT:put("null") else OUT:putcdata(P + from, TO[k] - from) end
  end
  return OUT:get()
end

-- Whether what is left out is white space alone.
local function whole()
  local at = 0
  for k = 1, RANGES + 1 do
    local from = k > RANGES and N or FROM[k]
    if from < 0 then return false end
    for j = at, from - 1 do
      if P[j] > 32 then return false end
    end
    at = TO[k]
  end
  return true
end

-- Whether an endpoint lets the caller have what stands outside of every object of its answer, whatever
-- these are: who may read by it hangs on none of them, or on an account that the path names.
local function opens(endpoint, know, params)
  if not endpoint.asks or decide.any(PLAN, endpoint.call, know, decide.NOBODY) then return true end
  local own = params[endpoint.account]
  return own ~= nil and not MET
    and decide.any(PLAN, endpoint.call, know, { owners = { n = 1, own }, owned = true })
end

local function project(plan, node, know, endpoint, params, text, subject, seen, counts, asks)
  if #text >= 2147483000 then return nil, "unreadable" end
  S, P, N = text, cast("const uint8_t *", text), #text
  PLAN, KNOW, ENDPOINT, PARAMS, SUBJECT, SEENOUT = plan, know, endpoint, params, subject, seen
  CENSUS, HIDDEN, FEWER, DROP_COUNTS, MET, SHUT = counts, false, false, false, false, false
  APART, CHOSEN, CELLS = seen.apart or false, seen.chosen or false, seen.cells or false
  if subject then EVERY, STORED = plan.guard.unknown == "remove", {} else EVERY = false end
  if not survey() then return nil, "unreadable" end
  SHUT = APART
  local good = run(node)
  if know.looked then good = M.settled(node, know, seen, good) end
  if asks and not APART and WHY ~= "unreadable" then
    SHUT = not MET and not opens(plan.endpoints[endpoint], know, params)
  end
  if WHY ~= "unreadable" and (SHUT and not APART or counts and (HIDDEN or CENSUS == 2 or FEWER)) then
    DROP_COUNTS = counts and (HIDDEN or CENSUS == 2 or FEWER and 2)
    if seen.removed then
      for label in pairs(seen.removed) do seen.removed[label] = nil end
    end
    good = run(node)
  end
  if know.told then know.told = nil end
  if not good then return nil, WHY end
  if FIRST then
    SEENOUT.shown = true
    count_shown()
  end
  return assembled()
end

-- What may pass of an answer's body: a text, or nil and `unreadable`, `nothing` or `refused`.
-- `seen.removed` (label → how many) and `seen.owners` (resource → owners shown) are filled if there;
-- into `seen.rows` go instead the tables of objects that say no owner. `seen.apart`: only objects with an
-- owner of their own may pass; `seen.chosen`: as `CHOSEN`; `seen.event`: it is an event of a feed, and `seen.lost` is
-- then whether an object of it is hidden that stands in no row within.
function M.body(plan, node, know, endpoint, params, status, text, seen)
  WHY = nil
  return project(plan, node, know, endpoint, params, text, nil, seen, plan.endpoints[endpoint].counts,
    status < 400 and plan.endpoints[endpoint].asks)
end

-- Whether a body that was read is of another kind than declared, as a list in place of an object.
function M.misfits(node, text)
  S, P, N = text, cast("const uint8_t *", text), #text
  local i = space(0)
  local b = not node.nothing and i < N and P[i] or 0
  if b == 0 then return false end
  if b == 91 or b == 123 then
    local kind = b == 123 and OBJECT or ARRAY
    if band(node.misfits, kind) ~= 0 and P[space(i + 1)] ~= b + 2 then return true end
  end
  if b == 91 then return not node.list.hold end
  if b == 123 then
    if node.union then return node.union.ways.n == 0 end
    return not (node.body.table or node.body.hold)
  end
  local _, kind = scalar_end(i)
  return band(node.kinds, kind) == 0
end

-- What may be sent on of a request body, by who may set what of `subject` (`owners`, `resource`).
function M.accept(plan, node, know, endpoint, params, text, subject, seen)
  WHY = nil
  local out, why = project(plan, node, know, endpoint, params, text,
    subject or { owners = NO_OWNERS, resource = "" }, seen, false)
  -- What nothing is taken out of goes on as it came.
  if out and whole() then return text end
  return out, why
end

return M
