-- Whether a response may come from a cache and was made for another caller, by its headers.
--
-- A response tells who the caller is only if the API made it for this very request. One that a cache
-- stored, or may store for others (RFC 9111), says nothing about the caller (CWE-524).

local find, lower, match = string.find, string.lower, string.match

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
    local name, said = match(each, "^%s*([^%s=]+)%s*=?%s*(.-)%s*$")
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

-- Words by which caches tell that they had it: `HIT`, `TCP_MEM_HIT`, `hit from …`, `STALE`.
local function had(name, value)
  value = lower(value)
  if find(name, "hits$") then return find(value, "[1-9]") ~= nil end
  for _, word in ipairs { "hit", "stale", "updating", "revalidated" } do
    if find(value, "%f[%a]" .. word .. "%f[%A]") then return true end
  end
  return false
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
    elseif name ~= "cache-control" and find(name, "cache", 1, true) and had(name, value) then
      return true
    end
  end
  return false
end

-- Whether no cache that others share may keep it.
function M.kept_apart(headers)
  local said = directives(headers["cache-control"])
  -- Said both ways, or on two lines, nobody knows which a cache goes by.
  return said.public == nil and (said["no-store"] ~= nil or said.private == true)
end

return M
