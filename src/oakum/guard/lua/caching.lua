-- Whether a response may come from a cache and was made for another caller, by its headers.
--
-- A response tells who the caller is only if the API made it for this very request. One that a cache
-- stored, or may store for others (RFC 9111), says nothing about the caller (CWE-524).

local trim = require "oakum.trim"

local find, gsub, lower, match, sub = string.find, string.gsub, string.lower, string.match, string.sub

local M = {}

-- Asks every cache on the way to ask the API, and to keep nothing (RFC 9111, 5.2.1).
M.FRESH = { "cache-control", "no-cache, no-store" }

-- The directives of a `cache-control`, by name; true for one without a value.
local function directives(value)
  local made = {}
  value = lower(value or "")
  local _, quotes = string.gsub(value, '"', "")
  if quotes % 2 == 1 then return made end -- where a text ends cannot be told
  value = string.gsub(value, '"[^"]*"', function(text) return (string.gsub(text, ",", ";")) end)
  for each in value:gmatch "[^,]+" do
    local name, said = match(each, "^%s*([^%s=]+)%s*=?(.*)$")
    said = name and trim.spaces(said)
    if name then made[name] = said ~= "" and said or true end
  end
  return made
end

local function lasts(said)
  return said ~= nil and not find(tostring(said), '^"?0+"?$')
end

-- Declared to be anybody's: a shared cache may keep it and need not ask again.
local function declared(value)
  local said = directives(value)
  if lasts(said["s-maxage"]) then return true end
  if said["no-store"] or said.private == true then return false end
  return said.public ~= nil and not said["no-cache"] and (not said["max-age"] or lasts(said["max-age"]))
end

-- Whether one of some words stands in a text.
local function holds(value, words)
  for i = 1, #words do
    if find(value, "%f[%a]" .. words[i] .. "%f[%A]") then return true end
  end
  return false
end

-- Words by which caches tell that they had it: `HIT`, `TCP_MEM_HIT`, `RefreshHit from …`, `STALE`, `fresh`.
local HAD = { "stale", "updating", "revalidated", "fresh", "cached" }
local function hit(value)
  if find(value, "hit%f[%A]") then return true end
  -- A letter in its place, so that what is before it does not end there as a word of its own.
  return holds(gsub(gsub(value, "not.cached", "x"), "no.cached", "x"), HAD)
end

local YES = { ["1"] = true, ["true"] = true, yes = true, on = true }
local MISSED = {
  "bypass", "dynamic", "pass", "expired", "none", "no", "not", "false", "off", "disabled", "skip", "private",
  "uncached", "uncacheable",
}

local function ends(name, words)
  for i = 1, #words do
    if sub(name, -#words[i]) == words[i] then return true end
  end
  return false
end

local function speaks_of_a_cache(text)
  return find(text, "cache", 1, true) or find(text, "varnish", 1, true) or find(text, "cdn", 1, true)
end

-- Ends of headers that say something else of a cache.
local NO_WORD = { "control", "key", "keys", "tag", "tags" }
local COUNTS, SAYS_YES = { "hits", "-age" }, { "cache", "cached", "hit" }

-- Headers of caches whose names do not say so.
local OTHERS = { ["x-hits"] = true, ["x-nc"] = true }
-- Why a cache asked the API (RFC 9211, 2.2).
local FORWARDED = {
  bypass = true, method = true, ["uri-miss"] = true, ["vary-miss"] = true, miss = true, request = true, stale = true,
}

-- Whether a metric of `server-timing` says that a cache of answers had it; one of Rails tells of its cache of
-- data.
local function had_by_metric(metric)
  local name = trim.spaces(match(metric, "^[^;]*"))
  if ends(name, { ".active_support" }) or not speaks_of_a_cache(metric) then return false end
  return hit(metric) or ends(name, { "cache-refresh" })
end

-- The members of `cache-status`, the nearest to the API first, without what stands in quotes.
local function members(value)
  value = gsub(gsub(value, "\\.", ""), '"[^"]*"', '""')
  return (value .. ","):gmatch "([^,]*),"
end

-- Parameters of a member, by name.
local function parameters(text)
  local said = {}
  for each in match(text, "^[^;]*(.*)$"):gmatch ";([^;]*)" do
    local pair = trim.spaces(each)
    local name, held = match(pair, "^([^=]*)=(.*)$")
    said[name or pair] = held or ""
  end
  return said
end

-- Whether a cache says that it keeps the answer, whoever had it made (RFC 9211, 2).
local function stored(value)
  for each in members(lower(value or "")) do
    if (parameters(each).stored or "?0") ~= "?0" then return true end
  end
  return false
end

-- Whether a cache had the answer (RFC 9211, 2); nil where it does not say so in these words. Had is also what
-- the API confirmed, or what was asked for somebody else at the same time.
local function member(text)
  local said = parameters(text)
  if (said.hit or "?0") ~= "?0" or (said.collapsed or "?0") ~= "?0" then return true end
  if said["fwd-status"] == "304" then return true end
  if FORWARDED[said.fwd] or said.hit then return false end
  return nil
end

-- Whether a cache says in a header that it had the answer.
local function had(name, value)
  -- A stale answer, or one of a disconnected cache (RFC 7234, 5.5).
  if name == "warning" then return find("," .. value, ",%s*11[0-3]%f[%D]") ~= nil end
  if name == "server-timing" then
    value = gsub(value, '"[^"]*"', function(text) return (gsub(text, ",", " ")) end)
    for each in value:gmatch "[^,]+" do
      if had_by_metric(each) then return true end
    end
    return false
  end
  if name == "cache-status" then
    for each in members(value) do
      local said = member(each)
      if said or (said == nil and hit(each)) then return true end
    end
    return false
  end
  local yes = false
  for each in value:gmatch "[^,]+" do
    if find(each, "^%s*[%l_-]*hit%s*$") then return true end
    yes = yes or YES[trim.spaces(each)] or false
  end
  if not speaks_of_a_cache(name) and not OTHERS[name] then return false end
  if ends(name, COUNTS) then return find(value, "[1-9]") ~= nil end
  if yes and ends(name, SAYS_YES) then return true end
  if find(name, "cache", 1, true) then return not ends(name, NO_WORD) and hit(value) end
  for each in value:gmatch "[^,]+" do
    if find(each, "^%s*[%l_]*hit%f[^%l%d]") then return true end
  end
  return false
end

-- Whether a header says something of a cache, and not that it did not have the answer.
local function unclear(name, value)
  if not find(name, "cache", 1, true) or ends(name, NO_WORD) then return false end
  if name == "cache-status" then
    local clear = true
    for each in members(value) do clear = clear and member(each) == false end
    if clear then return false end
  end
  return not (find(value, "miss%f[%A]") or find(value, "%f[%a%d]0%f[^%a%d]") or holds(value, MISSED))
end

-- Whether a cache handed this answer on, or may hand it on to somebody else. `headers`: name → value.
function M.handed_on(headers)
  if headers.age and not find(headers.age, "^%s*0+%s*$") then return true end
  if declared(headers["cache-control"]) then return true end
  if headers["x-varnish"] and find(headers["x-varnish"], "%d%s+%d") then return true end
  for name, value in pairs(headers) do
    if name ~= "cache-control" and find(name, "cache%-control$") or name == "surrogate-control" then
      local said = directives(value)
      local apart = said["no-store"] or said.private == true
      if lasts(said["s-maxage"]) or (not apart and declared("public, " .. value)) then return true end
    elseif name == "via" then
      for piece in (value .. "]"):gmatch "([^%]]*)%]" do -- of Traffic Server
        local opens = find(piece, "[", 1, true)
        if opens and find(piece, "c[HRS]", opens) then return true end
      end
    elseif name ~= "cache-control" and had(name, lower(value)) then
      return true
    end
  end
  return false
end

-- Whether no shared cache may keep the response, and no header says that one might have kept it: a cache
-- that keeps private responses says so in headers of its own.
function M.kept_apart(headers)
  local said = directives(headers["cache-control"])
  -- Said both ways, or on two lines, nobody knows which a cache goes by.
  if said.public ~= nil or (said["no-store"] == nil and said.private ~= true) then return false end
  if stored(headers["cache-status"]) then return false end
  if said["no-store"] ~= nil then return true end
  for name, value in pairs(headers) do
    if unclear(name, lower(value)) then return false end
  end
  return true
end

return M
