-- Comma-separated values (RFC 4180) cut down to what their reader may see: the Lua of
-- `authz/csv_projection.py`. A row is an object whose columns are its members, and so it is judged as one:
-- each is written as JSON and given to `oakum.project`, and the members left say which cells stay.

local json = require "oakum.json"
local project = require "oakum.project"
local spelling = require "oakum.id_spelling"
local trim = require "oakum.trim"

local byte, find, gsub, sub = string.byte, string.find, string.gsub, string.sub
local concat = table.concat

local M = {}

local MAX_COLUMNS, MAX_NAME = 1000, 256
local SAID = "?" -- in place of any text, where it decides only that there is one

-- A cell at `at`: as it stands, as it reads, and where it ends; nil where a quote never closes.
local function cell(s, at)
  if byte(s, at) == 34 then
    local from = at + 1
    while true do
      local quote = find(s, '"', from, true)
      if not quote then return nil end
      if byte(s, quote + 1) ~= 34 then
        local inside = sub(s, at + 1, quote - 1)
        if find(inside, "%z") then return nil end
        return sub(s, at, quote), (gsub(inside, '""', '"')), quote + 1
      end
      from = quote + 2
    end
  end
  local past = find(s, '[",\r\n%z]', at) or #s + 1
  local bare = sub(s, at, past - 1)
  return bare, bare, past
end

-- A row at `at`: `{cells, texts, ending, n}` and where it ends; nil when it is none.
local function row(s, at)
  local cells, texts, n = {}, {}, 0
  while true do
    local stands, reads, past = cell(s, at)
    if not stands then return nil end
    n = n + 1
    cells[n], texts[n] = stands, reads
    at = past
    if byte(s, at) ~= 44 then break end
    at = at + 1
  end
  local ending
  if at > #s then
    ending = ""
  elseif byte(s, at) == 10 then
    ending = "\n"
  elseif sub(s, at, at + 1) == "\r\n" then
    ending = "\r\n"
  else
    return nil
  end
  return { cells = cells, texts = texts, ending = ending, n = n }, at + #ending
end

-- Header and rows, and in `lead` what stands before them (a byte order mark, empty lines); nil for what
-- cannot be read in exactly one way. An empty line goes with the row before it, and is none where rows
-- have several cells.
local function read(s)
  if not json.utf8_valid(s) then return nil end
  local rows, at = { n = -1 }, sub(s, 1, 3) == "\239\187\191" and 4 or 1
  while at <= #s do
    local found, past = row(s, at)
    if not found then return nil end
    local blank = found.n == 1 and found.cells[1] == ""
    if not rows[0] then
      rows.lead = sub(s, 1, at - 1)
    elseif blank and rows[0].n > 1 then
      rows[rows.n].ending = rows[rows.n].ending .. found.ending
    elseif found.n ~= rows[0].n then
      return nil
    end
    if not blank or rows[0] and rows[0].n == 1 then
      rows.n = rows.n + 1
      rows[rows.n] = found
    end
    at = past
  end
  if not rows[0] then return nil end
  local named = {}
  if rows[0].n > MAX_COLUMNS then return nil end
  for i = 1, rows[0].n do
    local name = rows[0].texts[i]
    if named[name] or #name > MAX_NAME then return nil end
    named[name] = true
  end
  return rows
end

local function joined(found, columns, shown, ending)
  local cells, n = {}, 0
  for i = 1, found.n do
    if columns[i] then
      n = n + 1
      cells[n] = shown[i] and found.cells[i] or ""
    end
  end
  return concat(cells, ",") .. ending
end

-- Names of the members that decide about an object: they may hold its owner, a related user, the value of
-- a state, or the tag that tells which alternative it is.
local function deciding(plan)
  if plan.deciding then return plan.deciding end
  local found = {}
  for k = 1, plan.tables.n do
    local of = plan.tables[k]
    for j = 1, of.paths.n do found[of.paths[j][1]] = true end
    for j = 1, of.states.n do
      if of.states[j].member then found[of.states[j].member[1]] = true end
    end
  end
  for k = 1, plan.relations.n do
    if plan.relations[k].member then found[plan.relations[k].member[1]] = true end
  end
  for k = 1, plan.unions.n do found[plan.unions[k].tag] = true end
  plan.deciding = found
  return found
end

-- Where the contract names rows by their numbers, the node by which each of these is judged: its list
-- has no other row than that one.
local function alone(node, number)
  local each = node.list.places and node.list.at[number]
  if not each then return nil end
  node.alone = node.alone or {}
  local made = node.alone[number]
  if not made then
    made = setmetatable({ list = setmetatable({ node = each, at = {}, places = false }, { __index = node.list }) },
      { __index = node })
    node.alone[number] = made
  end
  return made
end

-- What the other rows are judged by there.
local function others(node)
  if not node.list.places then return node end
  node.others = node.others
    or setmetatable({ list = setmetatable({ places = false }, { __index = node.list }) }, { __index = node })
  return node.others
end

-- What spreadsheets, databases and web frameworks write for a boolean.
local BOOLEANS = {}
for text in ("true True TRUE 1 yes Yes YES t"):gmatch "%S+" do BOOLEANS[text] = "true" end
for text in ("false False FALSE 0 no No NO f"):gmatch "%S+" do BOOLEANS[text] = "false" end

-- What the cells of a state's column stand for, as JSON; nil: for themselves.
local function words(state)
  local booleans, made = 0, {}
  for i = 1, state.values.n do
    local each = state.values[i]
    if each.b ~= nil then
      booleans = booleans + 1
    elseif each.i ~= nil then
      made[each.i] = each.i
    else
      return nil
    end
  end
  if booleans == 0 then return made end
  return booleans == state.values.n and BOOLEANS or nil
end

-- How the columns are read in which nothing but a state of the rows' resource stands: by name.
local function readings(plan, node)
  local body = node.list.node.body
  local of = body and body.table
  if not of then return {} end
  if of.readings then return of.readings end
  local found = {}
  for i = 1, of.states.n do
    local state = of.states[i]
    if state.member and state.member.n == 1 then found[state.member[1]] = words(state) end
  end
  for i = 1, of.paths.n do found[of.paths[i][1]] = nil end
  for i = 1, plan.relations.n do
    if plan.relations[i].member then found[plan.relations[i].member[1]] = nil end
  end
  of.readings = found
  return found
end

-- Columns that a row of these cells shows: false is none. `names` are the columns' names as JSON.
local function visible(head, cells, names, reads, judge)
  local members = {}
  for i = 1, head.n do
    local read = reads[head.texts[i]]
    members[i] = names[i] .. ":" .. (cells[i] and (read and read[cells[i]] or json.quote(cells[i])) or '""')
  end
  local out, why = judge("[{" .. concat(members, ",") .. "}]")
  if not out then return nil, why end
  local left = json.decode(out)[1]
  if left == nil then return false end
  local shown, any = {}, false
  for i = 1, head.n do
    shown[i] = left[head.texts[i]] ~= nil and left[head.texts[i]] ~= json.null
    any = any or shown[i]
  end
  return any and shown
end

-- Counts a row of a resource's table that says no owner: by its key, or by what is shown of it.
local function count(seen, of, head, row, shown)
  local key
  for i = 1, of.key.n == 1 and head.n or 0 do
    if head.texts[i] == of.key[1] then key = spelling.id(row.texts[i]) end
  end
  local said = {}
  for i = 1, key and 0 or head.n do said[i] = shown[i] and row.texts[i] or "\0" end
  seen.owners[of.name][key and "\0" .. key or project.unnamed(concat(said, "\0\0"))] = true
end

-- For each row, the columns that the caller may see; or nil and the reason. Counts each row in `seen`.
local function judged(plan, node, rows, names, seen, judge)
  local at, n, head, shown, known, bare = {}, 0, rows[0], {}, {}, {}
  local decides, says, declared = deciding(plan), {}, {}
  for i = 1, node.says.n do says[node.says[i]] = true end
  for i = 1, node.columns.n do declared[node.columns[i]] = true end
  for i = 1, head.n do
    local name = head.texts[i]
    local only = not decides[name] and (says[name] or says["*"] and not declared[name])
    if only or decides[name] then
      n = n + 1
      at[n], bare[n] = i, only
    end
  end
  local total = seen.removed
  for k = 1, rows.n do
    local texts, cells, key = rows[k].texts, {}, {}
    for j = 1, n do
      local text = texts[at[j]]
      if bare[j] and text ~= "" then text = SAID end
      cells[at[j]], key[j] = text, text
    end
    local place = alone(node, k - 1)
    key = (place and k or "") .. "\0" .. concat(key, "\0") -- which no cell holds
    local found = known[key]
    if not found then
      local why
      found = { removed = {}, ownerless = {} }
      local alike = seen.alike -- those of the rows before, however others are judged in between
      seen.removed, seen.rows = found.removed, found.ownerless
      local by = place or others(node)
      found.shown, why = visible(head, cells, names, readings(plan, by), function(object)
        return judge(by, object)
      end)
      seen.removed, seen.rows, seen.alike = total, nil, alike
      if why then return nil, why end
      known[key] = found
    end
    for label, many in pairs(total and found.removed or {}) do
      total[label] = (total[label] or 0) + many
    end
    shown[k] = found.shown
    for j = 1, #found.ownerless do count(seen, found.ownerless[j], head, rows[k], found.shown) end
  end
  return shown
end

local QUOTES = trim.bytes '[" ]'

-- Whether declared columns stand in one cell of the header, between other separators.
local function separated(head, columns)
  local declared, name = {}, head.texts[1]
  for i = 1, columns.n do declared[columns[i]] = true end
  if head.n > 1 or declared[name] or not find(name, "[;\t|]") then return false end
  for part in name:gmatch "[^;\t|]+" do
    local first = find(part, '[^" ]')
    if declared[first and sub(part, first, trim.last_but(part, QUOTES)) or ""] then return true end
  end
  return false
end

-- As `project.body`, for a text of comma-separated values. `node.columns` are the declared names.
function M.body(plan, node, know, endpoint, params, status, text, seen)
  if not node.columns then return nil, "nothing" end
  local rows = read(text)
  if not rows then return nil, "unreadable" end
  local head, names = rows[0], {}
  if separated(head, node.columns) then return nil, "unreadable" end
  seen.cells = true
  for i = 1, head.n do names[i] = json.quote(head.texts[i]) end
  local shown, why = judged(plan, node, rows, names, seen, function(by, object)
    return project.body(plan, by, know, endpoint, params, status, object, seen)
  end)
  if why then return nil, why end
  local columns, any, done = {}, false, {}
  for k = 1, rows.n do
    local found = shown[k]
    if found and not done[found] then
      done[found], any = true, true
      for i = 1, head.n do columns[i] = columns[i] or found[i] end
    end
  end
  if not any then
    local declared = {}
    for i = 1, node.columns.n do declared[node.columns[i]] = true end
    for i = 1, head.n do columns[i] = declared[head.texts[i]] end
  end
  local out, n, left = {}, 0, {}
  for k = 0, rows.n do
    local cells = k == 0 and columns or shown[k]
    if cells and (k > 0 or next(columns)) then left[#left + 1] = { rows[k], cells } end
  end
  for k = 1, #left do -- the last one ends as that of all did
    n = n + 1
    out[n] = joined(left[k][1], columns, left[k][2], (k < #left and left[k][1] or rows[rows.n]).ending)
  end
  return n > 0 and rows.lead .. concat(out) or ""
end

return M
