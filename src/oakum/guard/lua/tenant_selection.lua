-- What a request says, beside path and credentials, about which data it means, such as a tenant. The Lua
-- of `guard/tenant_selection.py`.
--
-- A look-up's result applies only to requests with the same conditions. So the look-up is sent with the
-- conditions of the request, and they are part of the key under which its result is cached.

local cache = require "oakum.cache"
local credentials = require "oakum.credentials"
local headers = require "oakum.headers"
local media = require "oakum.media"
local route = require "oakum.route"
local trim = require "oakum.trim"

local concat, find, gmatch, gsub, lower, match, sort, sub =
  table.concat, string.find, string.gmatch, string.gsub, string.lower, string.match, table.sort, string.sub

local M = {}

local function set_of(list)
  local made = {}
  for i = 1, #list do made[list[i]] = true end
  return made
end

-- Makes what the plan says of an operation (its `selects`) ready.
function M.prepare(selects)
  if selects.asked then return end
  selects.jar = credentials.jar(selects.cookies)
  selects.headed, selects.asked = set_of(selects.headers), set_of(selects.query)
  selects.blurred, selects.named, selects.inside = set_of(selects.unclear), set_of(selects.body), set_of(selects.within)
  selects.placed = set_of(selects.paths)
  selects.shapes = {}
  for i = 1, #selects.shaping do selects.shapes[selects.shaping[i][1] .. " " .. selects.shaping[i][2]] = true end
  selects.listens = selects.free or #selects.body > 0
  selects.only = {}
  for i = 1, #selects.supplied do
    local each = selects.supplied[i]
    if each.only then selects.only[each.where .. " " .. each.name] = true end
  end
end

-- The name of a parameter, without a member's name in brackets.
local function base_of(piece)
  local name = route.halves(piece)
  return name and match(name, "^[^%[]*")
end

-- ---------------------------------------------------------------- tenants that no look-up can be told

-- Whatever a parser could read as the name of a declared member is one: names are looked for in the text as it
-- is and as it is once its escapes are resolved; of a body in JSON only the names of members count, in any
-- other text each word. The Lua of `guard/compiled/tenants_in_bodies_and_queries.py`.

local WORD, MEMBER = "[%w_-]+", '%f[%w_-]([%w_-]+)"[\t\n\r ]*:'
-- A member in JSON within a text of JSON.
local INNER = '%f[%w_-]([%w_-]+)\\+"[\t\n\r ]*:'

local function byte_of(digits) return string.char(tonumber(digits, 16)) end

-- Whether a member of this name says the tenant of a request. `tenants`: names of one where any may stand.
function M.is_named(name, selects, tenants)
  local plain = lower((gsub(name, "[_-]", "")))
  return selects.named[plain] or selects.free and tenants[plain] or false
end

-- A text with the escapes of a URL and of JSON resolved (RFC 3986, RFC 8259).
function M.bare(text)
  return (gsub(gsub(text, "%%(%x%x)", byte_of), "\\u00([2-7]%x)", byte_of))
end

local function matched(text, pattern, is_one)
  for name in gmatch(text, pattern) do
    if is_one(name) then return true end
  end
  return false
end

local function holds(text, pattern, is_one)
  if matched(text, pattern, is_one) then return true end
  if not find(text, "%", 1, true) and not find(text, "\\u00", 1, true) then return false end
  return matched(M.bare(text), pattern, is_one)
end

-- Whether the body of a request names the tenant, or the value of a parameter of its query does. A body that
-- cannot be read may. A member of JSON that no document declares counts by any name of a tenant.
local function unsaid(selects, x, req, tenants)
  local function is_declared(name) return M.is_named(name, selects, tenants) end
  local function is_tenant(name) return tenants[lower((gsub(name, "[_-]", "")))] end
  for piece in gmatch(x.query or "", "[^&]+") do
    local name = base_of(piece)
    if name and selects.inside[name] and holds(piece, WORD, is_declared) then return true end
    if (find(piece, '"', 1, true) or find(piece, "%", 1, true)) and holds(piece, MEMBER, is_tenant) then return true end
  end
  if req.empty then return false end
  local text = req.body()
  if not text then return selects.listens end
  local said = x.content_type and media.read(x.content_type)
  if said and said.type == "application/json-patch+json" and holds(text, WORD, is_tenant) then return true end
  if find(text, '\\"', 1, true) and holds(text, INNER, is_tenant) then return true end
  return selects.listens and holds(text, said and media.is_json(said.type) and MEMBER or WORD, is_declared)
end

-- ---------------------------------------------------------------- members that the caller chooses

local CHOICE_ENDS = { fields = 1, fieldset = 1, fieldmask = 1, attributes = 1, elements = 1, columns = 1 }

-- The Lua of `guard/compiled/field_selection.py`. Whether a name says that its parameter chooses members.
local function is_choice(name, names)
  local bare = gsub(gsub(lower(name), "%[.*", ""), "[^a-z]", "")
  for length = 6, 10 do
    if CHOICE_ENDS[sub(bare, -length)] then return true end
  end
  return names[bare] or names[match(bare, "^x(.*)$")] or false
end

-- Whether a line of `prefer` has a preference that may take members away.
local function prefers(text, harmless)
  for each in gmatch(lower(text), "[^,;]+") do
    each = gsub(each, '[ \t"]', "")
    if each ~= "" and not harmless[each] and not harmless[match(each, "^[^=]*")] then return true end
  end
  return false
end

local function has_cookie(text, names)
  for pair in gmatch(text, "[^;]+") do
    local name = trim.blanks(match(pair, "^[^=]*"))
    for i = 1, names.n do
      if name == names[i] then return true end
    end
  end
  return false
end

-- Whether a request chooses the members of its response, by anything but its body. `picks`: as the plan has
-- it of the endpoint; `names`, `harmless`: sets of the plan's `choices` and `preferences`.
function M.chooses(picks, names, harmless, x, list)
  if picks.always or route.has(x.query or "", picks.query) then return true end
  for i = 1, #list do
    local name, text = lower(list[i][1]), list[i][2]
    for k = 1, picks.headers.n do
      if name == picks.headers[k] then return true end
    end
    if name == "prefer" and prefers(text, harmless) or name == "cookie" and has_cookie(text, picks.cookies) then
      return true
    end
    for parameter in gmatch(name == "accept" and text or "", ";[ \t]*([%w._-]+)[ \t]*=") do
      if is_choice(parameter, names) then return true end
    end
  end
  return false
end

-- Whether its body does, by a member of that name; `type`: its media type.
function M.chosen_by(text, names, type)
  local function is_one(name) return is_choice(name, names) end
  if type and media.is_json(type) then return holds(text, MEMBER, is_one) end
  for piece in gmatch(text, "[^&]+") do
    local name = route.halves(piece)
    if name and is_one(name) then return true end
  end
  return matched(text, 'name="?([%w_.%[%]-]+)', is_one)
end

-- Nothing is looked up any more for a request that names the tenant.
function M.silence(x)
  x.conditions.unsaid, x.known = true, false
end

-- Conditions that were seen → a number; two that differ never have the same.
local marks, count = cache.new(2 ^ 18), 0

local function mark_of(text)
  local found = marks:get(text)
  if not found then
    count = count + 1
    found = count .. ":"
    marks:put(text, found)
  end
  return found
end

-- Headers of a request that select, by name and then in their order; their names into `sent`.
local function headers_of(selects, list, hop, sent)
  local found = {}
  for i = 1, #list do
    local name = list[i][1]
    if selects.headed[name] and not (hop and hop[name]) then
      found[#found + 1] = { name, list[i][2], i }
      sent["header " .. name] = true
    end
  end
  sort(found, function(a, b)
    if a[1] ~= b[1] then return a[1] < b[1] end
    return a[3] < b[3]
  end)
  return found
end

-- The conditions of a request, whose query is what goes on of it; nil for a cookie that servers may read
-- differently. `tenants`: as in `is_named`.
function M.of(selects, x, req, tenants)
  local list, host = req.headers, req.host or ""
  local made = { host = host, headers = {}, cookies = {}, query = {}, sent = {} }
  local hop = headers.hop_names(x.connection)
  if #selects.headers > 0 then made.headers = headers_of(selects, list, hop, made.sent) end
  local parts = { host }
  for i = 1, #made.headers do
    parts[#parts + 1] = made.headers[i][1] .. ":" .. made.headers[i][2]
  end
  if #selects.cookies > 0 and x.cookie and not (hop and hop.cookie) then
    local held = {}
    if not credentials.read_cookies(selects.jar, x.cookie, held) then return nil end
    for i = 1, #selects.cookies do
      local name = selects.cookies[i]
      if held[i] then
        made.cookies[#made.cookies + 1] = { name, held[i] }
        made.sent["cookie " .. name] = true
        parts[#parts + 1] = "\1" .. name .. "=" .. held[i]
      end
    end
  end
  for piece in gmatch(#selects.query > 0 and x.query or "", "[^&]+") do
    local name = base_of(piece)
    if name and selects.asked[name] then
      made.query[#made.query + 1] = { name, piece }
      parts[#parts + 1] = "\2" .. piece
    end
  end
  for place in pairs(made.sent) do made.shaped = made.shaped or selects.shapes[place] or false end
  for i = 1, #made.query do made.shaped = made.shaped or selects.shapes["query " .. made.query[i][1]] or false end
  made.mark, made.path = mark_of(concat(parts, "\0")), selects.path
  made.unsaid = unsaid(selects, x, req, tenants)
  return made
end

-- Whether a request says all that a look-up requires, and nothing that may filter it or that it cannot be told.
function M.fills(made, look)
  for i = 1, look.caller and 0 or #made.path do
    if not look.placed[made.path[i]] then return false end
  end
  if made.unsaid and not look.caller then return false end
  for k = 1, #made.query do
    if look.blurred[made.query[k][1]] then return false end
  end
  for i = 1, #look.needed do
    local where, name = look.needed[i][1], look.needed[i][2]
    local there = where ~= "query" and made.sent[where .. " " .. name]
    for k = 1, where == "query" and look.asked[name] and #made.query or 0 do
      there = there or made.query[k][1] == name
    end
    if not there then return false end
  end
  return true
end

-- A look-up's own query with what the request says in it, which counts more than a default.
function M.query(made, look, own)
  local told, names = {}, {}
  for i = 1, #made.query do
    local name, piece = made.query[i][1], made.query[i][2]
    if look.asked[name] then told[#told + 1], names[name] = piece, true end
  end
  if #told == 0 then return own end
  local list = {}
  for piece in gmatch(own, "[^&]+") do
    if not names[route.halves(piece)] then list[#list + 1] = piece end
  end
  for i = 1, #told do list[#list + 1] = told[i] end
  return concat(list, "&")
end

-- Adds the conditions to the headers of a look-up. `whole`: all cookies of the request are there already;
-- `without`: places of which nothing is added.
function M.add(made, look, sent, whole, without)
  local pieces = {}
  for i = 1, #made.headers do
    local name = made.headers[i][1]
    local place = "header " .. name
    if not (look.only[place] or without and without[place]) then sent[#sent + 1] = { name, made.headers[i][2] } end
  end
  for i = 1, #made.cookies do
    local name = made.cookies[i][1]
    local place = "cookie " .. name
    if not (look.only[place] or without and without[place]) then pieces[#pieces + 1] = name .. "=" .. made.cookies[i][2] end
  end
  for i = 1, #look.supplied do
    local each = look.supplied[i]
    if each.only or not made.sent[each.where .. " " .. each.name] then
      if each.where == "header" then
        sent[#sent + 1] = { each.name, each.value }
      else
        pieces[#pieces + 1] = each.name .. "=" .. each.value
      end
    end
  end
  sent[#sent + 1] = { "x-forwarded-host", made.host }
  if whole or #pieces == 0 then return end
  for i = 1, #sent do
    if sent[i][1] == "cookie" then
      sent[i] = { "cookie", sent[i][2] .. "; " .. concat(pieces, "; ") }
      return
    end
  end
  sent[#sent + 1] = { "cookie", concat(pieces, "; ") }
end

return M
