-- A bounded cache of two generations: when the young one is full it becomes the old one, and what
-- nobody asked for since then is gone. No clock, no list to keep, no loop.

local Cache = {}
Cache.__index = Cache

local M = {}

-- A cache whose keys weigh about `most` bytes in each generation. Keys may be anybody's: a flood of
-- long ones pushes others out, and never makes the cache larger.
function M.new(most)
  return setmetatable({ young = {}, old = {}, weight = 0, most = most }, Cache)
end

function Cache:get(key)
  local found = self.young[key]
  if found ~= nil then return found end
  found = self.old[key]
  if found ~= nil then self:put(key, found) end
  return found
end

function Cache:put(key, value)
  if self.young[key] == nil then
    self.weight = self.weight + #key + 200 -- what an entry takes besides, roughly
    if self.weight > self.most then
      self.old, self.young, self.weight = self.young, {}, #key + 200
    end
  end
  self.young[key] = value
end

return M
