-- The key that an address is counted under: an IPv4 address, or the /64 of an IPv6 one.
--
-- All spellings of an address have the same key, and so have all 2^64 addresses of an IPv6 network that
-- a provider gives to one customer (RFC 6177).

local find, gmatch, match, sub = string.find, string.gmatch, string.match, string.sub

local M = {}

local function four(text)
  local a, b, c, d = match(text, "^(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)$")
  if not a then return nil end
  local made = {}
  for i, each in ipairs { a, b, c, d } do
    if (#each > 1 and sub(each, 1, 1) == "0") or tonumber(each) > 255 then return nil end
    made[i] = tonumber(each)
  end
  return made
end

-- The groups of a part of an IPv6 address, or nil.
local function groups(text)
  local made = {}
  if text == "" then return made end
  for each in gmatch(text .. ":", "([^:]*):") do
    if not find(each, "^%x%x?%x?%x?$") then return nil end
    made[#made + 1] = tonumber(each, 16)
  end
  return made
end

local function six(text)
  text = match(text, "^([^%%]+)%%[^%%]+$") or text
  local before, last = match(text, "^(.*:)([^:]*)$")
  if last and find(last, ".", 1, true) then
    local old = four(last)
    if not old then return nil end
    text = before .. ("%x:%x"):format(old[1] * 256 + old[2], old[3] * 256 + old[4])
  end
  local gap = find(text, "::", 1, true)
  local head = groups(gap and sub(text, 1, gap - 1) or text)
  local tail = groups(gap and sub(text, gap + 2) or "")
  if not head or not tail then return nil end
  local missing = 8 - #head - #tail
  if (gap and missing < 1) or (not gap and missing ~= 0) then return nil end
  for _ = 1, missing do head[#head + 1] = 0 end
  for i = 1, #tail do head[#head + 1] = tail[i] end
  return head
end

-- The block of an address, with a port or without; nil for what is no address.
function M.block(text)
  local bare = match(text, "^%[([^%]]*)%]$") or match(text, "^%[([^%]]*)%]:%d+$")
  local old = four(bare and "" or match(text, "^([^:]*):%d+$") or text)
  if old then return table.concat(old, ".") end
  local all = six(bare or text)
  if not all then return nil end
  if all[1] + all[2] + all[3] + all[4] + all[5] == 0 and all[6] == 0xffff then
    local a, b = all[7], all[8]
    return ("%d.%d.%d.%d"):format(math.floor(a / 256), a % 256, math.floor(b / 256), b % 256)
  end
  return ("%x:%x:%x:%x::/64"):format(all[1], all[2], all[3], all[4])
end

-- The block of a request: by the address that a proxy told, else by the peer's.
function M.of(x)
  if not x.block then x.block = M.block(x.address) or M.block(x.peer or "") or x.peer or x.address end
  return x.block
end

return M
