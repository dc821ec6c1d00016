-- Hashes: SHA-256 (FIPS 180-4) and its HMAC (RFC 2104), and for tables in memory a short keyed hash
-- (HalfSipHash-2-4, 64 bits). Whoever chooses ids must not choose where they land in a table, so
-- there is no hash without a key here.

local bit = require "bit"
local ffi = require "ffi"

local band, bnot, bor, bxor = bit.band, bit.bnot, bit.bor, bit.bxor
local bswap, lshift, rol, ror, rshift, tobit =
  bit.bswap, bit.lshift, bit.rol, bit.ror, bit.rshift, bit.tobit
local byte, char, rep = string.byte, string.char, string.rep

local M = {}

-- ---------------------------------------------------------------- SHA-256

-- Fractional parts of the square and cube roots of the first primes: 32 bits of each.
local ROOTS, CUBES = ffi.new("int32_t[8]"), ffi.new("int32_t[64]")
do
  local found, candidate = 0, 2
  while found < 64 do
    local prime = true
    for divisor = 2, math.floor(math.sqrt(candidate)) do
      if candidate % divisor == 0 then prime = false break end
    end
    if prime then
      -- Doubles hold 53 bits and these roots have 5 before the point: 32 after it are exact when
      -- the root is corrected by one step of Newton's.
      local square, cube = math.sqrt(candidate), candidate ^ (1 / 3)
      cube = cube - (cube * cube * cube - candidate) / (3 * cube * cube)
      if found < 8 then ROOTS[found] = tobit(math.floor(square % 1 * 2 ^ 32)) end
      CUBES[found] = tobit(math.floor(cube % 1 * 2 ^ 32))
      found = found + 1
    end
    candidate = candidate + 1
  end
end

local state, words = ffi.new("int32_t[8]"), ffi.new("int32_t[64]")

-- One block of 64 bytes; `at` counts words of four.
local function block(data, at)
  for i = 0, 15 do words[i] = bswap(data[at + i]) end
  for i = 16, 63 do
    local w15, w2 = words[i - 15], words[i - 2]
    local low = bxor(ror(w15, 7), ror(w15, 18), rshift(w15, 3))
    local high = bxor(ror(w2, 17), ror(w2, 19), rshift(w2, 10))
    words[i] = tobit(words[i - 16] + low + words[i - 7] + high)
  end
  local a, b, c, d = state[0], state[1], state[2], state[3]
  local e, f, g, h = state[4], state[5], state[6], state[7]
  for i = 0, 63 do
    local sum1 = bxor(ror(e, 6), ror(e, 11), ror(e, 25))
    local choice = bxor(band(e, f), band(bnot(e), g))
    local first = h + sum1 + choice + CUBES[i] + words[i]
    local sum0 = bxor(ror(a, 2), ror(a, 13), ror(a, 22))
    local majority = bxor(band(a, b), band(a, c), band(b, c))
    h, g, f, e = g, f, e, tobit(d + first)
    d, c, b, a = c, b, a, tobit(first + sum0 + majority)
  end
  state[0], state[1] = tobit(state[0] + a), tobit(state[1] + b)
  state[2], state[3] = tobit(state[2] + c), tobit(state[3] + d)
  state[4], state[5] = tobit(state[4] + e), tobit(state[5] + f)
  state[6], state[7] = tobit(state[6] + g), tobit(state[7] + h)
end

local WORD_POINTER = ffi.typeof("const int32_t *")

-- Leaves the digest in `state`, words in the machine's order.
local function digest(s)
  local bits = #s * 8
  local tail = char(band(rshift(bits, 24), 255), band(rshift(bits, 16), 255),
    band(rshift(bits, 8), 255), band(bits, 255))
  local padded = s .. "\128" .. rep("\0", (55 - #s) % 64 + 4) .. tail
  for i = 0, 7 do state[i] = ROOTS[i] end
  local data = ffi.cast(WORD_POINTER, padded)
  for at = 0, #padded / 4 - 16, 16 do block(data, at) end
end

-- The 32 bytes of a digest. `s` is shorter than half a gibibyte.
function M.sha256(s)
  digest(s)
  for i = 0, 7 do state[i] = bswap(state[i]) end
  return ffi.string(state, 32)
end

local DIGITS = "0123456789abcdef"
local digits = ffi.new("uint8_t[64]")

-- Of the 32 bytes of a digest.
local function hex(raw)
  for i = 1, 32 do
    local b = byte(raw, i)
    digits[2 * i - 2] = byte(DIGITS, rshift(b, 4) + 1)
    digits[2 * i - 1] = byte(DIGITS, band(b, 15) + 1)
  end
  return ffi.string(digits, 64)
end

function M.sha256_hex(s)
  return hex(M.sha256(s))
end

local padding = ffi.new("uint8_t[64]")

local function pad(key, with)
  ffi.fill(padding, 64, with)
  for i = 1, #key do padding[i - 1] = bxor(byte(key, i), with) end
  return ffi.string(padding, 64)
end

function M.hmac(key, s)
  if #key > 64 then key = M.sha256(key) end
  return M.sha256(pad(key, 0x5c) .. M.sha256(pad(key, 0x36) .. s))
end

function M.hmac_hex(key, s)
  return hex(M.hmac(key, s))
end

-- ---------------------------------------------------------------- tables in memory

-- `n` bytes that nobody can guess.
function M.random(n)
  local source = assert(io.open("/dev/urandom", "rb"))
  source:setvbuf("no")
  local bytes = source:read(n)
  source:close()
  assert(bytes and #bytes == n, "the system gives no random bytes")
  return bytes
end

local function round(a, b, c, d)
  a = tobit(a + b)
  b = bxor(rol(b, 5), a)
  a = rol(a, 16)
  c = tobit(c + d)
  d = bxor(rol(d, 8), c)
  a = tobit(a + d)
  d = bxor(rol(d, 7), a)
  c = tobit(c + b)
  b = bxor(rol(b, 13), c)
  return a, b, rol(c, 16), d
end

-- Two signed words for a text and the key `k0`, `k1` (HalfSipHash-2-4 of 64 bits).
function M.fast(s, k0, k1)
  local a, b = k0, bxor(k1, 0xee)
  local c, d = bxor(0x6c796765, k0), bxor(0x74656462, k1)
  local data, length = ffi.cast(WORD_POINTER, s), #s
  local whole = rshift(length, 2)
  for i = 0, whole - 1 do
    local word = data[i]
    d = bxor(d, word)
    a, b, c, d = round(a, b, c, d)
    a, b, c, d = round(a, b, c, d)
    a = bxor(a, word)
  end
  local last = lshift(length, 24)
  for i = whole * 4 + 1, length do
    last = bor(last, lshift(byte(s, i), 8 * ((i - 1) % 4)))
  end
  d = bxor(d, last)
  a, b, c, d = round(a, b, c, d)
  a, b, c, d = round(a, b, c, d)
  a, c = bxor(a, last), bxor(c, 0xee)
  for _ = 1, 4 do a, b, c, d = round(a, b, c, d) end
  local first = bxor(b, d)
  b = bxor(b, 0xdd)
  for _ = 1, 4 do a, b, c, d = round(a, b, c, d) end
  return first, bxor(b, d)
end

return M
