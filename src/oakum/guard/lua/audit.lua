-- One line of the audit log: what happened, and never a value of a person. Who it was is a keyed
-- hash; fields stand as the contract calls them.

local json = require "oakum.json"

local concat, floor, sort = table.concat, math.floor, table.sort

local M = {}

-- Seconds with three digits behind the point. A second has many requests, and writing a number that
-- is no integer takes longer than all the rest of a line.
local SECOND, SECOND_TEXT = -1, ""
local MILLIS = {}
for i = 0, 999 do MILLIS[i] = (".%03d"):format(i) end

local function seconds(time)
  local second = floor(time)
  if second ~= SECOND then SECOND, SECOND_TEXT = second, ("%d"):format(second) end
  return SECOND_TEXT .. (MILLIS[floor(time * 1000) - second * 1000] or "")
end

local function number(value)
  return value or "null"
end

-- Clients may make up methods, so only the usual ones are kept.
local METHODS = {}
for method in ("GET HEAD POST PUT PATCH DELETE OPTIONS"):gmatch "%u+" do
  METHODS[method] = '"' .. method .. '"'
end

-- Words of the contract recur in every line: their literals are made once.
local literals, known = {}, 0

local function literal(text)
  if not text then return "null" end
  local made = literals[text]
  if not made then
    made = json.quote(text)
    if known < 4096 then
      literals[text], known = made, known + 1
    end
  end
  return made
end

-- `{"Member.email":3}`, by name.
local function removed_text(removed)
  if not removed or next(removed) == nil then return "{}" end
  local names = {}
  for name in pairs(removed) do names[#names + 1] = name end
  sort(names)
  for i = 1, #names do names[i] = literal(names[i]) .. ":" .. removed[names[i]] end
  return "{" .. concat(names, ",") .. "}"
end

-- The line of a request, without its end; `time` in Unix seconds, `who` as it may be written.
function M.line(x, contract, time, who)
  return '{"time":' .. seconds(time)
    .. ',"contract":' .. literal(contract)
    .. ',"who":"' .. who
    .. '","op":' .. literal(x.endpoint and x.endpoint.id)
    .. ',"method":' .. (METHODS[x.asked_method] or json.quote(x.asked_method))
    .. ',"status":' .. number(x.status)
    .. ',"upstream":' .. number(x.upstream)
    .. ',"removed":' .. removed_text(x.removed)
    .. ',"denied":' .. literal(x.denied)
    .. ',"lookups":' .. x.lookups
    .. ',"failed":' .. x.failed
    .. ',"bytes_in":' .. number(x.bytes_in)
    .. ',"bytes_out":' .. number(x.bytes_out) .. "}"
end

return M
