-- Inspects a GraphQL query before it is forwarded: what `guard/graphql_query.py` refuses, and why.
--
-- Aliases are refused, since the guard has to know from the response which field each value is. A query
-- that is not certainly without them is refused, too.

local json = require "oakum.json"

local byte, find, sub = string.byte, string.find, string.sub
local char, tonumber = string.char, tonumber

local M = {}

local MAX_TOKENS = 10000
local MAX_LEVELS = 15 -- of selections within selections, and of values within values

local STARTS = { query = true, mutation = true, subscription = true, fragment = true }
local DIRECTIVES = { include = true, skip = true }
local CLOSES = { [")"] = "(", ["]"] = "[", ["}"] = ":" } -- `:` is an object among values
local PUNCTUATORS = {}
for mark in ("!$&():=@[]{|}"):gmatch(".") do PUNCTUATORS[byte(mark)] = mark end

-- ---------------------------------------------------------------- tokens

-- Line ends of some readers and not of others would end a comment for some and not for others.
local function unsafe(query)
  return find(query, "[%z\1-\8\11\12\14-\31]") or find(query, "\r[^\n]") or find(query, "\r$")
    or find(query, "\194\133", 1, true)        -- U+0085
    or find(query, "\226\128[\168\169]")       -- U+2028, U+2029
    or find(query, "\237[\160-\191]")          -- half of a pair
end

-- The place of the next token at or after a place.
local function skip(query, at)
  while true do
    local _, last = find(query, "^[\t\n\r ,]+", at)
    if not last then _, last = find(query, "^#[^\n\r]*", at) end
    if not last then _, last = find(query, "^\239\187\191", at) end -- a byte order mark
    if not last then return at end
    at = last + 1
  end
end

-- The last byte of a number that begins at a place and that a double holds, or nil.
local function number_at(query, at)
  local _, last = find(query, "^%-?0", at)
  if not last then _, last = find(query, "^%-?[1-9][0-9]*", at) end
  if not last then return nil end
  local _, more = find(query, "^%.[0-9]+", last + 1)
  last = more or last
  _, more = find(query, "^[eE][-+]?[0-9]+", last + 1)
  last = more or last
  if find(query, "^[0-9A-Za-z_.]", last + 1) then return nil end
  if not json.is_finite(sub(query, at, last)) then return nil end
  return last
end

-- The last byte of a text that begins at a place with a quote, or nil.
local function text_at(query, at)
  if sub(query, at, at + 2) == '"""' then
    at = at + 3
    while true do
      at = find(query, '["\\]', at)
      if not at then return nil end
      if sub(query, at, at + 2) == '"""' then return at + 2 end
      at = at + (sub(query, at, at + 3) == '\\"""' and 4 or 1)
    end
  end
  at = at + 1
  while true do
    at = find(query, '["\\\n\r]', at)
    local mark = at and byte(query, at)
    if mark == 34 then return at end
    if mark ~= 92 then return nil end
    if find(query, '^["\\/bfnrt]', at + 1) then
      at = at + 2
    elseif find(query, "^u[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f]", at + 1) then
      at = at + 6
    else
      return nil
    end
  end
end

-- A list of names and punctuators as they are, `0` for a number and `"` for a text, and its length;
-- or nil and what is wrong. `raw`: a list for the text of each.
local function tokens_of(query, raw)
  if unsafe(query) then return nil, "syntax" end
  local found, n, at = {}, 0, skip(query, 1)
  while at <= #query do
    local first = byte(query, at)
    local token, last = PUNCTUATORS[first], at
    if not token then
      local _, stop = find(query, "^[A-Za-z_][0-9A-Za-z_]*", at)
      if stop then
        token, last = sub(query, at, stop), stop
      elseif sub(query, at, at + 2) == "..." then
        token, last = "...", at + 2
      elseif first == 34 then
        token, last = '"', text_at(query, at)
      else
        token, last = "0", number_at(query, at)
      end
    end
    if not last then return nil, "syntax" end
    if n == MAX_TOKENS then return nil, "size" end
    n = n + 1
    found[n] = token
    if raw then raw[n] = sub(query, at, last) end
    at = skip(query, last + 1)
  end
  return found, n
end

-- All tokens of a query as they are, and how many; nil: it is none.
function M.lexed(query)
  local raw = {}
  local found, n = tokens_of(query, raw)
  if found then return raw, n end
end

-- ---------------------------------------------------------------- grammar

local function is_name(token)
  return token ~= nil and find(token, "^[A-Za-z_]") ~= nil
end

-- How a definition may begin.
local function start(token, writes)
  if token == "subscription" or (token == "mutation" and not writes) then return token end
  return not (STARTS[token] or token == "{") and "syntax" or nil
end

-- One token of arguments, or of the definitions of variables; the new depth, or nil and what is
-- wrong.
local function value(token, stack, depth, levels)
  local opened = CLOSES[token]
  if opened then
    if stack[depth] ~= opened then return nil, "syntax" end
    return depth - 1
  end
  if token == "(" or token == "..." then return nil, "syntax" end
  if token == "{" or token == "[" then
    depth = depth + 1
    stack[depth] = token == "{" and ":" or token
  end
  if depth - levels > MAX_LEVELS then return nil, "depth" end
  return depth
end

-- One token of what stands before the first selection.
local function head(token)
  return not (token == "@" or is_name(token)) and "syntax" or nil
end

-- One token of a selection, and its neighbours.
local function selection(before, token, after)
  if token == ":" then
    if not (is_name(before) and is_name(after)) then return "syntax" end
    return before ~= after and "alias" or nil
  end
  if token == "@" or token == "..." then return nil end
  if not is_name(token) then return "syntax" end
  return sub(token, 1, 2) == "__" and token ~= "__typename" and "introspection" or nil
end

-- The operations and fragments of a query without syntax errors, each with its depth, its tokens,
-- how many spreads of fragments it has, and where it is spread itself; nil if two fragments have one
-- name.
local function definitions_of(tokens, n)
  local found, named, spreads = {}, {}, {}
  local count, levels, values = 0, 0, false
  for i = 1, n do
    local token = tokens[i]
    if levels == 0 and not values and (i == 1 or tokens[i - 1] == "}") then
      count = count + 1
      found[count] = { deepest = 0, size = 0, waits = 0, spread = {} }
      if token == "fragment" then
        local name = tokens[i + 1]
        if named[name] then return nil end
        named[name] = found[count]
      end
    end
    local now, after = found[count], tokens[i + 1]
    now.size = now.size + 1
    if token == "(" or token == ")" then
      values = token == "("
    elseif not values and (token == "{" or token == "}") then
      levels = levels + (token == "{" and 1 or -1)
      if levels > now.deepest then now.deepest = levels end
    elseif not values and token == "..." and is_name(after) and after ~= "on" then
      spreads[#spreads + 1] = { name = after, around = now, level = levels }
    end
  end
  for _, each in ipairs(spreads) do
    local fragment = named[each.name]
    if fragment then
      fragment.spread[#fragment.spread + 1] = each
      each.around.waits = each.around.waits + 1
    end
  end
  return found
end

-- What is wrong with a query whose fragments make it deeper or longer than one without fragments
-- may be; a fragment that contains itself has no end. The API pays for what they stand for.
local function unfolded(tokens, n)
  local definitions = definitions_of(tokens, n)
  if not definitions then return "syntax" end
  local ready, done = {}, 0
  for _, each in ipairs(definitions) do
    if each.waits == 0 then ready[#ready + 1] = each end
  end
  while done < #ready do
    done = done + 1
    local each = ready[done]
    if each.deepest > MAX_LEVELS then return "depth" end
    if each.size > MAX_TOKENS then return "size" end
    for _, spread in ipairs(each.spread) do
      local around = spread.around
      around.deepest = math.max(around.deepest, spread.level - 1 + each.deepest)
      around.size = around.size + each.size
      around.waits = around.waits - 1
      if around.waits == 0 then ready[#ready + 1] = around end
    end
  end
  return done < #definitions and "depth" or nil
end

-- Why a query may not be passed on, a word; nil: it may. `writes`: at this endpoint, mutations too.
function M.refusal(query, writes)
  local tokens, n = tokens_of(query)
  if not tokens then return n end
  local stack, depth, levels, fresh, wrong = {}, 0, 0, true, nil
  for i = 1, n do
    local token = tokens[i]
    if token == "@" and not DIRECTIVES[tokens[i + 1]] then return "directive" end
    if depth > levels then
      depth, wrong = value(token, stack, depth, levels)
    elseif token == "}" and depth > 0 then
      depth, levels = depth - 1, levels - 1
      fresh = depth == 0
    else
      wrong = fresh and start(token, writes) or nil
      fresh = false
      if wrong then return wrong end
      if token == "{" or token == "(" then
        depth = depth + 1
        stack[depth] = token
        if token == "{" then levels = levels + 1 end
        wrong = levels > MAX_LEVELS and "depth" or nil
      elseif levels > 0 then
        wrong = selection(tokens[i - 1], token, tokens[i + 1])
      else
        wrong = head(token)
      end
    end
    if wrong then return wrong end
  end
  if not (fresh and n > 0) then return "syntax" end
  return unfolded(tokens, n)
end

-- Why a request body, decoded, may not be passed on, a word; nil: it may. `batch`: several requests
-- in one. `missing`: no query, but perhaps something that stands for one.
function M.refused(said, writes)
  if json.is_array(said) then return "batch" end
  local query = json.is_object(said) and said.query
  if type(query) ~= "string" then return "missing" end
  return M.refusal(query, writes)
end

-- Names of the arguments in the query of a request body, decoded, and of what is within their values: a list.
function M.arguments(said)
  local query, found = json.is_object(said) and said.query, {}
  local tokens, n = nil, nil
  if type(query) == "string" then tokens, n = tokens_of(query) end
  for i = 1, tokens and n or 0 do
    if tokens[i + 1] == ":" and is_name(tokens[i]) then found[#found + 1] = tokens[i] end
  end
  return found
end

-- ---------------------------------------------------------------- in a URL

-- Whether a request may run a mutation: one of its operations is one.
function M.mutates(said)
  local query = json.is_object(said) and said.query
  local tokens, n = nil, 0
  if type(query) == "string" then tokens, n = M.lexed(query) end
  local levels, fresh = 0, true
  for i = 1, tokens and n or 0 do
    local token = tokens[i]
    if fresh and token == "mutation" then return true end
    levels = levels + (token == "{" and 1 or token == "}" and -1 or 0)
    fresh = token == "}" and levels == 0
  end
  return false
end

local function decoded(text)
  return (text:gsub("%+", " "):gsub("%%(%x%x)", function(hex) return char(tonumber(hex, 16)) end))
end

-- Name and value of a part of a URL's query, decoded.
function M.halves(piece)
  local name, said = piece:match("^([^=]*)=?(.*)$")
  return decoded(name), decoded(said)
end

-- The `query` parameter of a URL's query, decoded; nil when it does not stand there once, or also
-- stands there in a form that some servers take for a list.
function M.parameter(query)
  local found, count = nil, 0
  for piece in (query .. "&"):gmatch("([^&]*)&") do
    local called, said = M.halves(piece)
    if called == "query" or find(called, "^query%[") then
      count = count + 1
      found = called == "query" and said or nil
    end
  end
  if count ~= 1 or found == "" then return nil end
  return found
end

return M
