-- The text of a plan that a file holds deflated (RFC 1951) and in base64: the plan of many operations says much
-- alike, and a ConfigMap of Kubernetes has a limit of size.

local ffi = require "ffi"
local bit = require "bit"

local band, bor, lshift, rshift = bit.band, bit.bor, bit.lshift, bit.rshift

local M = {}

local VALUE, ALPHABET = {}, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
for i = 1, #ALPHABET do VALUE[ALPHABET:byte(i)] = i - 1 end

local function decoded(text)
  local bytes, n, hold, count = ffi.new("uint8_t[?]", #text), 0, 0, 0
  for i = 1, #text do
    local value = VALUE[text:byte(i)]
    if value then
      hold, count = band(bor(lshift(hold, 6), value), 0xffff), count + 6
      if count >= 8 then
        count = count - 8
        bytes[n] = band(rshift(hold, count), 0xff)
        n = n + 1
      end
    end
  end
  return bytes, n
end

-- The codes of a Huffman tree, by their lengths: how many have each length, and their symbols in order.
local function tree(lengths, from, n)
  local count, at, symbols = {}, {}, {}
  for length = 0, 15 do count[length] = 0 end
  for i = from, from + n - 1 do count[lengths[i]] = count[lengths[i]] + 1 end
  at[1] = 0
  for length = 1, 14 do at[length + 1] = at[length] + count[length] end
  for i = from, from + n - 1 do
    local length = lengths[i]
    if length > 0 then
      symbols[at[length]] = i - from
      at[length] = at[length] + 1
    end
  end
  return { count = count, symbols = symbols }
end

local BASES, BITS = {}, {} -- of the lengths of repetitions, by their symbol from 257 on
local FAR, FAR_BITS = {}, {} -- of their distances
do
  local base, far = 3, 1
  for i = 0, 27 do
    BASES[i], BITS[i] = base, i < 8 and 0 or rshift(i - 4, 2)
    base = base + lshift(1, BITS[i])
  end
  BASES[28], BITS[28] = 258, 0
  for i = 0, 29 do
    FAR[i], FAR_BITS[i] = far, i < 4 and 0 or rshift(i - 2, 1)
    far = far + lshift(1, FAR_BITS[i])
  end
end
local ORDER = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 }

local FIXED, FIXED_FAR
do
  local lengths = {}
  for i = 0, 287 do lengths[i] = i < 144 and 8 or i < 256 and 9 or i < 280 and 7 or 8 end
  FIXED = tree(lengths, 0, 288)
  for i = 0, 29 do lengths[i] = 5 end
  FIXED_FAR = tree(lengths, 0, 30)
end

-- The text of `size` bytes; an error for anything else.
function M.text(packed, size)
  local from, most = decoded(packed)
  local out, n, at, hold, held = ffi.new("uint8_t[?]", size + 1), 0, 0, 0, 0

  local function bits(count)
    while held < count do
      if at >= most then error "a packed text ends too early" end
      hold, held, at = bor(hold, lshift(from[at], held)), held + 8, at + 1
    end
    local value = band(hold, lshift(1, count) - 1)
    hold, held = rshift(hold, count), held - count
    return value
  end

  local function symbol(codes)
    local code, first, index = 0, 0, 0
    for length = 1, 15 do
      code = bor(code, bits(1))
      local count = codes.count[length]
      if code - first < count then return codes.symbols[index + code - first] end
      index, first = index + count, lshift(first + count, 1)
      code = lshift(code, 1)
    end
    error "a packed text has an unknown code"
  end

  local function put(byte)
    if n >= size then error "a packed text is too long" end
    out[n] = byte
    n = n + 1
  end

  local function coded(codes, far)
    while true do
      local found = symbol(codes)
      if found == 256 then return end
      if found < 256 then
        put(found)
      else
        local length = BASES[found - 257] + bits(BITS[found - 257])
        local which = symbol(far)
        local back = FAR[which] + bits(FAR_BITS[which])
        if back > n then error "a packed text repeats what was not there" end
        for _ = 1, length do put(out[n - back]) end
      end
    end
  end

  local function stored()
    hold, held = 0, 0 -- up to the next byte
    local length = bits(16)
    bits(16)
    for _ = 1, length do put(bits(8)) end
  end

  local function dynamic()
    local near, distances, count = bits(5) + 257, bits(5) + 1, bits(4) + 4
    local lengths, i = {}, 0
    for each = 0, 18 do lengths[each] = 0 end
    for each = 1, count do lengths[ORDER[each]] = bits(3) end
    local codes = tree(lengths, 0, 19)
    while i < near + distances do
      local found, last, times = symbol(codes), 0, 1
      if found < 16 then
        last = found
      elseif found == 16 then
        last, times = lengths[i - 1], 3 + bits(2)
      else
        times = found == 17 and 3 + bits(3) or 11 + bits(7)
      end
      for _ = 1, times do
        lengths[i] = last
        i = i + 1
      end
    end
    coded(tree(lengths, 0, near), tree(lengths, near, distances))
  end

  repeat
    local last, kind = bits(1), bits(2)
    if kind == 0 then
      stored()
    elseif kind == 1 then
      coded(FIXED, FIXED_FAR)
    else
      dynamic()
    end
  until last == 1
  if n ~= size then error "a packed text is too short" end
  return ffi.string(out, n)
end

return M
