-- A bounded cache of two generations: when the young one is full it becomes the old one, and what
-- nobody asked for since then is gone. No clock, no list to keep, no loop.

local Cache = {}
Cache.__index = Cache

local M = {}

-- A cache of about `most` bytes in each generation. Keys may be anybody's: a flood of long ones pushes
-- others out, and never makes the cache larger. `size_of(value)`: what a value takes beyond a small
-- table; nil for nothing.
function M.new(most, size_of)
  return setmetatable({ young = {}, old = {}, weight = 0, most = most, size_of = size_of }, Cache)
end

function Cache:get(key)
  local found = self.young[key]
  if found ~= nil then return found end
  found = self.old[key]
  if found ~= nil then self:put(key, found) end
  return found
end

function Cache:put(key, value)
  local weight = #key + 200 + (self.size_of and self.size_of(value) or 0)
  self.weight = self.weight + weight
  if self.weight > self.most then
    self.old, self.young, self.weight = self.young, {}, weight
  end
  self.young[key] = value
end

return M
