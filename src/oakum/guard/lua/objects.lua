-- What the API shows of an object that a request is about to write: the Lua of `guard/objects.py`.
--
-- The law of this module: an object is the one that was asked for only if it stands where the document
-- says, and says that key itself where it is asked for by a key alone.

local json = require "oakum.json"
local lookups = require "oakum.lookups"
local media = require "oakum.media"
local route = require "oakum.route"
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
  local path = ""
  for i = 1, #endpoint.segments do
    local fine = true
    local made = endpoint.segments[i]:gsub("{([^{}]+)}", function(name)
      local text = params[name] and route.escaped(params[name])
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

-- The object in what the API shows: of a list the one element with the key that is asked for, or nil.
local function inside_of(target, value, params)
  local pointer, key = target.pointer, target.key
  if #key == 0 then return lookups.at(value, pointer)[1] end
  local wanted = params[target.param]
  if pointer[#pointer] ~= "*" then
    local here = lookups.at(value, pointer)
    return #here == 1 and has_key(here[1], key, wanted) and here[1] or nil
  end
  local lists = lookups.at(value, pointer, #pointer - 1)
  if #lists ~= 1 or not json.is_array(lists[1]) then return nil end
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

-- What is asked about an object; nil: with these parameters a path could be read in two ways.
function M.question(asking, x, target, reader, params)
  local path = M.path_of(reader, M.renamed(params, target.renamed))
  if not path then return nil end
  -- A list of whoever asks is asked as the caller.
  local service = not target.own and not own_list(reader) and asking.service or nil
  return asking:question(x, path, target.query, service)
end

-- Whether an answer of this media type has such an object in its place. JSON that is not declared is taken
-- for the first JSON that is.
local function shows(target, content_type)
  local said = media.read(content_type)
  local shown = said and media.choose(target.types, said)
  if shown == nil then return said ~= nil and media.is_json(said.type) and target.likely end
  return shown
end

-- The object in a good answer and its decoded value, or nil.
function M.seen(target, reader, answer, value, params, bearer)
  if not shows(target, answer.headers["content-type"]) then return nil end
  local inside = inside_of(target, value, params)
  if not json.is_object(inside) then return nil end
  -- A parameter of the path that is written says nothing of what is asked for by another.
  local its, all = {}, M.renamed(params, target.renamed)
  for i = 1, #reader.segments do
    for name in reader.segments[i]:gmatch "{([^{}]+)}" do its[name] = all[name] end
  end
  local seen = subject.seen(target.resource, target.settable, inside, reader, its, bearer, target.inside)
  seen.value = inside
  return seen
end

-- Objects in a request body of which the API can be asked, and what it said of them: by a mark, false
-- where it does not show one.
function M.named(endpoint)
  return { finders = endpoint.finders, below = endpoint.below, found = {}, wanted = {}, marked = {}, made = {}, makes = endpoint.method == "POST" }
end

-- How many parameters the path of an endpoint has.
local function places(endpoint)
  local n = 0
  for i = 1, #endpoint.segments do n = n + select(2, endpoint.segments[i]:gsub("{", "")) end
  return n
end

local function told(x, target, reader, params, certain, answer)
  local value = lookups.readable(answer)
  x.lookups = x.lookups + 1
  if value == nil then x.failed = x.failed + 1 end
  if certain and answer and answer.status == 404 then
    local made = subject.of {}
    made.resource, made.new = target.resource.name, true
    return made
  end
  return value ~= nil and M.seen(target, reader, answer, value, params, x.who) or false
end

-- May yield. Asks for the objects that a body names; nil, or a status and a reason where they are more
-- than what is left of the questions of one request.
function M.find(plan, asking, x, named)
  local wanted, batch, todo = {}, {}, {}
  for i = 1, #named.wanted do
    local each = named.wanted[i]
    if named.finders[each.name].kind == "none" then
      named.found[each.mark] = false
    else
      wanted[#wanted + 1] = each
    end
  end
  named.wanted, named.marked = {}, {}
  if #wanted > asking:left(x) then return 413, "lookups" end
  for i = 1, #wanted do
    local each = wanted[i]
    local target = named.finders[each.name]
    local reader, params = plan.endpoints[target.endpoint], x.params
    if target.param ~= "" then
      params = { [target.param] = each.key }
      for name, value in pairs(x.params) do
        if name ~= target.param then params[name] = value end
      end
    end
    local question = M.question(asking, x, target, reader, params)
    if question then
      question.timeout = asking:spend(x)
      if not question.timeout then return 503, "target" end
      batch[#batch + 1] = question
      todo[#todo + 1] = { target = target, reader = reader, params = params, each = each }
    else
      named.found[each.mark] = false
    end
  end
  local answers = asking:all(batch)
  for i = 1, #todo do
    local each = todo[i]
    -- Below what the path begins with, it may be absent and elsewhere all the same.
    local certain = each.each.name == "" or named.makes or places(each.reader) < 2
    named.found[each.each.mark] =
      told(x, each.target, each.reader, each.params, certain, answers[i] or nil)
  end
end

return M
