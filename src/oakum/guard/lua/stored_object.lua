-- Reads the object that a write is about to change from a look-up's response: the Lua of
-- `guard/stored_object.py`.
--
-- An object counts as the requested one only if it is where the document says. If the request names it
-- by a key alone, the object also has to contain that key.

local json = require "oakum.json"
local lookups = require "oakum.lookups"
local media = require "oakum.media"
local places = require "oakum.request_places"
local project = require "oakum.project"
local route = require "oakum.route"
local spelling = require "oakum.id_spelling"
local subject = require "oakum.subject"

local find = string.find

local M = {}

-- Parameters of a path, by the names that the endpoint which shows the object has for them.
function M.renamed(params, names)
  if next(names) == nil then return params end
  local made = {}
  for name, value in pairs(params) do made[name] = value end
  for its, name in pairs(names) do made[its] = params[name] end
  return made
end

-- Path of the endpoint that shows the object, with the parameters of this request; nil: with these it
-- could be read in two ways.
function M.path_of(endpoint, params)
  local around = endpoint.around
  local path = ""
  for i = 1, #endpoint.segments do
    local fine = true
    local made = endpoint.segments[i]:gsub("{([^{}]+)}", function(name)
      local text = params[name] and route.segment(params[name], around and around[name])
      fine = fine and text ~= nil
      return text or ""
    end)
    if not fine then return nil end
    path = path .. "/" .. made
  end
  return path
end

-- Whether an endpoint has no parameter in its path, so that it is about whoever asks.
local function own_list(endpoint)
  for i = 1, #endpoint.segments do
    if find(endpoint.segments[i], "{", 1, true) then return false end
  end
  return true
end

-- Whether an object says this key and no other.
local function has_key(value, path, wanted)
  local keys, said, n = lookups.at(value, path), nil, 0
  for i = 1, #keys do
    local id = json.text(keys[i])
    if id then said, n = id, n + 1 end
  end
  return n == 1 and said == wanted
end

-- Values of an answer at where it says the key of an object, or holds it; `alone`: it may stand in place of the
-- list that it is in.
local function placed(of, value, path)
  if not of.alone then return lookups.at(value, path, path.n) end
  local ahead, found = of.within.n - 1, {}
  local holders = lookups.at(value, path, ahead)
  for i = 1, #holders do
    local left = {}
    for k = ahead + (json.is_object(holders[i]) and 2 or 1), path.n do left[#left + 1] = path[k] end
    local values = lookups.at(holders[i], left)
    for j = 1, #values do found[#found + 1] = values[j] end
  end
  return found
end

-- Whether a look-up shows the object that was asked for, by its key, and no other.
function M.is_asked(of, wanted, value)
  if of.at.n == 0 then return true end
  local keys = placed(of, value, of.at)
  for i = 1, #keys do
    if spelling.id(keys[i]) ~= wanted then return false end
  end
  return #keys > 0
end

-- Whether something of the object that a request names remains at its place in what passes of an answer.
function M.remains(of, text)
  local value = of.within.n > 0 and json.decode(text) or nil
  if value == nil then return true end
  local found = placed(of, value, of.within)
  for i = 1, #found do
    local each = found[i]
    if json.is_object(each) and next(each) ~= nil or json.is_array(each) and each.n > 0 then return true end
  end
  return false
end

-- The object in what the API shows: of a list, or in its place, the one with the key that is asked for, or nil.
local function inside_of(target, value, params)
  local pointer, key = target.pointer, target.key
  if #key == 0 then return lookups.at(value, pointer)[1] end
  local wanted = params[target.param]
  if pointer[#pointer] ~= "*" then
    local here = lookups.at(value, pointer)
    return #here == 1 and has_key(here[1], key, wanted) and here[1] or nil
  end
  local lists = lookups.at(value, pointer, #pointer - 1)
  if #lists ~= 1 then return nil end
  if not json.is_array(lists[1]) then
    return target.alone and has_key(lists[1], key, wanted) and lists[1] or nil
  end
  local found
  for i = 1, lists[1].n do
    local each = lists[1][i]
    if has_key(each, key, wanted) then
      if found then return nil end
      found = each
    end
  end
  return found
end

-- What is asked about an object; nil: with these parameters a path could be read in two ways, or nobody says
-- what is required.
function M.question(asking, x, target, reader, params)
  local path = M.path_of(reader, M.renamed(params, target.renamed))
  if not path then return nil end
  -- A list of whoever asks is asked as the caller.
  local service = not target.own and not own_list(reader) and asking.service or nil
  return asking:question(x, path, target.query, service, reader.selects)
end

-- The parameters of a reader's own path.
local function reader_params(reader, params)
  local its = {}
  for i = 1, #reader.segments do
    for name in reader.segments[i]:gmatch "{([^{}]+)}" do its[name] = params[name] end
  end
  return its
end

-- Whether an answer of this media type has such an object in its place. JSON that is not declared is taken
-- for the first JSON that is.
local function shows(target, content_type)
  local said = media.read(content_type)
  local shown = said and media.choose(target.types, said)
  if shown == nil then return said ~= nil and media.is_json(said.type) and target.likely end
  return shown
end

-- Of each object in a good answer, decoded, of which resource it is; a function, as few ask.
local function kinds(target, answer, value)
  local found
  return function()
    if not found then
      local said = media.read(answer.headers["content-type"])
      local node = said and media.choose(target.nodes, said)
      if node == nil and said and media.is_json(said.type) then node = target.likely_node end
      found = node and project.kinds(node, value) or {}
    end
    return found
  end
end

-- Of the resources that an object may be of, those that a good answer does not show: a set.
function M.unlike(target, answer, value)
  local made = {}
  for k = 1, target.kinds.n do made[target.kinds[k]] = true end
  local inside = lookups.at(value, target.pointer)[1]
  local shown = json.is_object(inside) and kinds(target, answer, value)()[inside]
  if shown then made[shown] = nil end
  return made
end

-- Whether an object with the same key, or without one and of the same owners, is the one that a path names.
local function is_part(target, table_, one, itself)
  if not target.parted[table_.name] then return false end
  local said = table_.key.n > 0 and json.at(one.value, table_.key) or {}
  local own = itself.resource == table_.name and itself.value and table_.key.n > 0 and json.at(itself.value, table_.key) or {}
  local ids, owners = {}, {}
  for k = 1, #own do
    local id = spelling.id(own[k])
    if id then ids[id] = true end
  end
  for k = 1, #said do
    local id = spelling.id(said[k])
    if not id or not ids[id] then return false end
  end
  if #said > 0 then return true end
  if one.partly then return false end
  for k = 1, table_.owner == "field" and #table_.paths or 0 do
    if spelling.garbled(one.value, table_.paths[k], 1) then return false end
  end
  for k = 1, itself.owners.n do owners[itself.owners[k]] = true end
  for k = 1, one.owners.n do
    if not owners[one.owners[k]] then return false end
  end
  return true
end

-- Objects at a path by which each part of a body without a key is judged: of more, nobody knows which is
-- meant. The work of a body is so many times that of its size at most.
local MOST_STANDING = 16

-- The objects of `target.kinds` that a good answer shows, in no other one; of one that may be of several,
-- nobody knows whose it is. Nil: it is not declared. `itself`: what the path names before its last word, which
-- may be shown again.
function M.standing(target, reader, answer, value, params, bearer, itself)
  local said = media.read(answer.headers["content-type"])
  local node = said and media.choose(target.nodes, said)
  if node == nil and said and media.is_json(said.type) then node = target.likely_node end
  if not node or node.nothing then return nil end
  local of, its, found = project.kinds(node, value), reader_params(reader, M.renamed(params, target.renamed)), {}
  local function walk(each, many)
    if json.is_array(each) then
      for k = 1, each.n do walk(each[k], true) end
    elseif json.is_object(each) then
      local name = of[each]
      local tables = name and target.tables[name]
      if name == nil then
        for _, inner in pairs(each) do walk(inner, many) end
      elseif name == "" and next(each) ~= nil then
        local one = subject.of {}
        one.many = many
        found[#found + 1] = one
      elseif tables then
        local one = subject.seen(tables.shown, tables.set, each, reader, its, bearer, false, nil)
        one.value, one.kinds, one.many = each, function() return of end, many
        if not is_part(target, tables.shown, one, itself) then found[#found + 1] = one end
      end
    end
  end
  walk(value, false)
  if #found > MOST_STANDING then
    local one = subject.of {}
    one.many = true
    for k = 1, #found do one.many = one.many and found[k].many end
    return { one }
  end
  return found
end

-- The object in a good answer and its decoded value, or nil.
function M.seen(target, reader, answer, value, params, bearer)
  if not shows(target, answer.headers["content-type"]) then return nil end
  local inside = inside_of(target, value, params)
  if not json.is_object(inside) then return nil end
  local of = kinds(target, answer, value)
  if (target.mixed or target.alone) and (of()[inside] or target.resource.name) ~= target.resource.name then return nil end
  -- A parameter of the path that is written says nothing of what is asked for by another.
  local its = reader_params(reader, M.renamed(params, target.renamed))
  local above
  for k = 1, target.enclosing.n do
    local each = target.enclosing[k]
    local around = lookups.at(value, target.pointer, each.depth)[1]
    above = json.is_object(around) and subject.around(each.table, around, reader, its, bearer, above) or nil
  end
  local seen = subject.seen(target.resource, target.settable, inside, reader, its, bearer, target.inside, above)
  seen.value, seen.kinds = inside, of
  return seen
end

-- Objects in a request body of which the API can be asked, and what it said of them: by a mark, false
-- where it does not show one.
function M.named(endpoint)
  return { finders = endpoint.finders, below = endpoint.below, found = {}, wanted = {}, marked = {}, made = {}, makes = endpoint.method == "POST" }
end

M.may_name = places.may_name

-- Whether an object shows a key already where a body may name one.
local function stays(shown, place, id)
  if shown == nil or not place or place.kept == json.null then return false end
  local here, same = { inside = place.kept }, false
  places.ends(shown, here, function(said) same = same or spelling.id(said) == id end)
  return same
end

-- What a request names by keys alone, each as one to be found; nil: something stands there that is no key,
-- or nothing that has to. `carried`: as in `places.each`; `object`: the one that is written.
function M.keys(plain, carried, object)
  local found, seen, fine = {}, {}, true
  local shown = object and object.resource == plain.kept_of and object.value or nil
  local asked = places.each(plain, carried, function(name, said, place)
    local id = spelling.id(said)
    fine = fine and id ~= nil
    local mark = id and name .. "\0" .. id
    if mark and not seen[mark] and not stays(shown, place, id) then
      seen[mark] = true
      found[#found + 1] = { name = name, key = id, mark = mark }
    end
  end)
  return fine and (asked or not plain.needed) and found or nil
end

-- Whether an answer of 404 says that there is none: below what the path begins with, or in that, it may be
-- absent and elsewhere all the same.
local function certain(named, each, target, reader)
  local n, held = 0, false
  for i = 1, #reader.segments do
    for name in reader.segments[i]:gmatch "{([^{}]+)}" do n, held = n + 1, held or name == target.param end
  end
  return each.name == "" or held and (named.makes or n < 2)
end

local function told(x, named, it, answer)
  if answer and answer.status == 404 and certain(named, it.each, it.target, it.reader) then
    local made = subject.of {}
    made.resource, made.new = it.target.resource.name, true
    return made
  end
  local value = lookups.readable(answer)
  return value ~= nil and M.seen(it.target, it.reader, answer, value, it.params, x.who) or false
end

-- What is asked about some objects, each question once; nil where there are more than what is left.
local function questions(plan, asking, x, wanted, answers)
  local batch, fresh = {}, {}
  for i = 1, #wanted do
    local it = wanted[i]
    local target, params = it.target, x.params
    it.reader = plan.endpoints[target.endpoint]
    if target.param ~= "" then
      params = { [target.param] = it.each.key }
      for name, value in pairs(x.params) do
        if name ~= target.param then params[name] = value end
      end
    end
    it.params = params
    local question = M.question(asking, x, target, it.reader, params)
    it.mark = question and (target.own and "own " or "") .. question.target
    if question and answers[it.mark] == nil and not fresh[it.mark] then
      fresh[it.mark], question.mark = true, it.mark
      batch[#batch + 1] = question
    end
  end
  return #batch <= asking:left(x) and batch or nil
end

-- Asks for some objects at once; nil and those that are to be asked for elsewhere, since what is there does
-- not say whose it is, or a status and a reason.
local function ask(plan, asking, x, named, wanted, answers)
  local batch, again = questions(plan, asking, x, wanted, answers), {}
  if not batch then return 413, "lookups" end
  for i = 1, #batch do
    batch[i].timeout = asking:spend(x)
    if not batch[i].timeout then return 503, "target" end
  end
  local got = asking:all(x, batch)
  for i = 1, #batch do
    local answer = got[i] or nil
    x.lookups = x.lookups + 1
    if lookups.readable(answer) == nil then x.failed = x.failed + 1 end
    answers[batch[i].mark] = answer or false
  end
  for i = 1, #wanted do
    local it = wanted[i]
    local found = it.mark and told(x, named, it, answers[it.mark] or nil)
    named.found[it.each.mark] = found or false
    if found and not found.new and found.owners.n == 0 and it.target.after then
      again[#again + 1] = { each = it.each, target = it.target.after }
    end
  end
  return nil, again
end

-- May yield. Asks for the objects that a body names; nil, or a status and a reason where they are more
-- than what is left of the questions of one request.
function M.find(plan, asking, x, named)
  local wanted = {}
  if #named.wanted > asking:left(x) then return 413, "lookups" end
  for i = 1, #named.wanted do
    local each = named.wanted[i]
    local target = named.finders[each.name]
    if not target or target.kind == "none" then
      named.found[each.mark] = false
    else
      wanted[#wanted + 1] = { each = each, target = target }
    end
  end
  named.wanted, named.marked = {}, {}
  local answers = {}
  while #wanted > 0 do
    local status, more = ask(plan, asking, x, named, wanted, answers)
    if status then return status, more end
    wanted = more
  end
end

return M
