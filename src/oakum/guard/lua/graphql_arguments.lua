-- The scalars in the arguments of a GraphQL query, with variables replaced by their values: what
-- `guard/graphql_argument_values.py` finds.
--
-- Every value that a server may use is listed. For a variable that the request leaves out these are the
-- defaults of all operations in the document. A text that servers may read differently does not count as
-- an id.

local graphql = require "oakum.graphql"
local json = require "oakum.json"

local find, sub = string.find, string.sub

local M = {}

local MARKS = { ["..."] = true }
for mark in ("!$&():=@[]{|}"):gmatch(".") do MARKS[mark] = true end

local UNCLEAR = false -- stands for what cannot be read; no id

-- A number as it is written, nil for `null`.
local function scalar(token)
  if token == "null" then return nil end
  if sub(token, 1, 1) ~= '"' then return token end
  if sub(token, 1, 3) == '"""' or find(token, "\\u[dD][89a-fA-F]") or find(token, "\t", 1, true) then return UNCLEAR end
  local said = json.decode(token)
  return said == nil and UNCLEAR or said
end

-- Adds the scalars of a variable, each with the name of the member that holds it.
local function within(at, name, value, found)
  if json.is_array(value) then
    for i = 1, value.n do within(at, name, value[i], found) end
  elseif json.is_object(value) then
    for member, each in pairs(value) do within(at, member, each, found) end
  elseif value ~= json.null then
    found[#found + 1] = { at .. "." .. name, value }
  end
end

-- `FIELD.NAME` and value of each scalar in a query, which variables stand where, their defaults, and the
-- set of the fields with arguments.
local function parsed(tokens, n)
  local said, uses, defaults, fields = {}, {}, {}, {}
  local levels, at, name, variable, inside, valued = 0, "", "", "", false, false
  local around = {} -- names of the members in which the current place is
  for i = 1, n do
    local token, before = tokens[i], tokens[i - 1]
    if token == "(" or token == ")" then
      inside, name, valued = token == "(", "", false
      at = tokens[i - 2] == "@" and "@" or before or ""
      if inside and levels > 0 and at ~= "@" then fields[at] = true end
    elseif not inside then
      levels = levels + (token == "{" and 1 or token == "}" and -1 or 0)
    elseif before == "$" and levels > 0 then
      uses[#uses + 1] = { at = at, name = name, variable = token }
    elseif before == "$" then
      variable, name, valued = token, "", false
    elseif token == "{" then
      around[#around + 1] = name
    elseif token == "}" then
      name = table.remove(around)
    elseif MARKS[token] then
      valued = valued or (token == "=" and levels == 0)
    elseif tokens[i + 1] == ":" then
      name = token
    else
      local value = scalar(token)
      if value ~= nil and levels > 0 then
        said[#said + 1] = { at .. "." .. name, value }
      elseif value ~= nil and valued then
        defaults[variable] = defaults[variable] or {}
        table.insert(defaults[variable], { name, value })
      end
    end
  end
  return said, uses, defaults, fields
end

-- The fields that the query of a request, decoded, has with arguments: a set.
function M.fields(said)
  local query = json.is_object(said) and said.query
  local tokens, n
  if type(query) == "string" then tokens, n = graphql.lexed(query) end
  if not tokens then return {} end
  local _, _, _, fields = parsed(tokens, n)
  return fields
end

-- `FIELD.NAME` and value of each scalar in an argument of a request, decoded: a list of pairs.
function M.values(said)
  local query = json.is_object(said) and said.query
  if type(query) ~= "string" then return {} end
  local tokens, n = graphql.lexed(query)
  if not tokens then return {} end
  local found, uses, defaults = parsed(tokens, n)
  local given = said.variables
  local clear = given == nil or given == json.null or json.is_object(given)
  local variables = json.is_object(given) and given or {}
  for _, use in ipairs(uses) do
    local value = variables[use.variable]
    if not clear then
      found[#found + 1] = { use.at .. "." .. use.name, UNCLEAR }
    elseif value ~= nil then
      within(use.at, use.name, value, found)
    else
      for _, each in ipairs(defaults[use.variable] or {}) do
        found[#found + 1] = { use.at .. "." .. (each[1] ~= "" and each[1] or use.name), each[2] }
      end
    end
  end
  return found
end

-- The request that the query of a URL stands for; a text in place of variables that cannot be read.
function M.by_url(query)
  local said, count = { query = graphql.parameter(query) }, 0
  for piece in query:gmatch "[^&]+" do
    local name, text = graphql.halves(piece)
    if name:match "^[^%[]*" == "variables" then
      count = count + 1
      said.variables = name == "variables" and json.decode(text)
      if not said.variables then said.variables = "" end
    end
  end
  if count > 1 then said.variables = "" end
  return said
end

return M
