-- JSON Web Tokens (RFC 7519) verified as RFC 8725 asks: signed by a key that was given, with an
-- algorithm that was allowed and that fits the kind of that key. Nothing that a token says of its own
-- key (`jwk`, `jku`, `x5u`, `x5c`) is looked at. What another reader of the same token might take for
-- something else is refused: `crit` and `b64` whatever they say (RFC 7515, 4.1.11; RFC 7797, 7), `zip`,
-- which some readers inflate, base64url that is not the only one for its bytes, a claim of RFC 7519, 4.1
-- of another type than it has there, and JSON that is not the same to all (RFC 7493).
--
-- libcrypto does the mathematics, of OpenSSL 3 or 1.1, through functions that both have.

local bit = require "bit"
local ffi = require "ffi"
local cache = require "oakum.cache"
local json = require "oakum.json"

local band, bor, lshift, rshift = bit.band, bit.bor, bit.lshift, bit.rshift
local byte, char, match = string.byte, string.char, string.match

local M = {}

ffi.cdef [[
void *d2i_PUBKEY(void *reused, const uint8_t **der, long length);
void *EVP_PKEY_new_raw_private_key(int type, void *engine, const uint8_t *key, size_t length);
void EVP_PKEY_free(void *key);
void *EVP_MD_CTX_new(void);
int EVP_MD_CTX_reset(void *context);
void EVP_MD_CTX_free(void *context);
const void *EVP_sha256(void);
const void *EVP_sha384(void);
const void *EVP_sha512(void);
int EVP_DigestVerifyInit(void *context, void **how, const void *digest, void *engine, void *key);
int EVP_DigestVerify(void *context, const uint8_t *signature, size_t length,
                     const uint8_t *text, size_t size);
int EVP_DigestSignInit(void *context, void **how, const void *digest, void *engine, void *key);
int EVP_DigestSign(void *context, uint8_t *signature, size_t *length,
                   const uint8_t *text, size_t size);
int EVP_PKEY_CTX_ctrl_str(void *how, const char *name, const char *value);
int CRYPTO_memcmp(const void *a, const void *b, size_t length);
void ERR_clear_error(void);
]]

local LIBRARIES = { "libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.3.dylib", "crypto" }
local HMAC = 855 -- EVP_PKEY_HMAC
local LONGEST = 16384 -- bytes of a token
local MOST_KEYS = 100
local LEVELS = 100 -- of objects and lists within each other
local LAST = 253402300799 -- seconds of the year 9999
local CACHED = 2 ^ 21 -- bytes of tokens in each generation of verified ones

-- RFC 7518, 3.1 and RFC 8037: the kind of key, its curve, and bytes of the digest (the least of a
-- secret) or of each half of a signature.
local ALGORITHMS = {
  HS256 = { kty = "oct", digest = "EVP_sha256", size = 32 },
  HS384 = { kty = "oct", digest = "EVP_sha384", size = 48 },
  HS512 = { kty = "oct", digest = "EVP_sha512", size = 64 },
  RS256 = { kty = "RSA", digest = "EVP_sha256" },
  RS384 = { kty = "RSA", digest = "EVP_sha384" },
  RS512 = { kty = "RSA", digest = "EVP_sha512" },
  PS256 = { kty = "RSA", digest = "EVP_sha256", pss = true },
  PS384 = { kty = "RSA", digest = "EVP_sha384", pss = true },
  PS512 = { kty = "RSA", digest = "EVP_sha512", pss = true },
  ES256 = { kty = "EC", crv = "P-256", digest = "EVP_sha256", half = 32 },
  ES384 = { kty = "EC", crv = "P-384", digest = "EVP_sha384", half = 48 },
  ES512 = { kty = "EC", crv = "P-521", digest = "EVP_sha512", half = 66 },
  EdDSA = { kty = "OKP", crv = "Ed25519" },
}

local crypto, context -- of this Lua state, once a verifier is made

local function load()
  for _, name in ipairs(LIBRARIES) do
    local there, library = pcall(ffi.load, name)
    if there then
      crypto = library
      context = ffi.gc(crypto.EVP_MD_CTX_new(), crypto.EVP_MD_CTX_free)
      return true
    end
  end
  return nil, "tokens need libcrypto of OpenSSL 3 or 1.1"
end

-- ---------------------------------------------------------------- base64url

local VALUES = ffi.new("int8_t[256]")
ffi.fill(VALUES, 256, 0xff)
for i = 1, 64 do
  VALUES[byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", i)] = i - 1
end

-- The bytes of a text without padding (RFC 7515, 2); nil unless it is the only text for them.
local function unbase64(s)
  local length = #s
  local left = length % 4
  if left == 1 then return nil end
  local out = ffi.new("uint8_t[?]", length + 3)
  local at, bad = 0, 0
  for i = 1, length - left, 4 do
    local a, b, c, d = byte(s, i, i + 3)
    a, b, c, d = VALUES[a], VALUES[b], VALUES[c], VALUES[d]
    bad = bor(bad, a, b, c, d)
    out[at] = bor(lshift(a, 2), rshift(b, 4))
    out[at + 1] = bor(lshift(b, 4), rshift(c, 2))
    out[at + 2] = bor(lshift(c, 6), d)
    at = at + 3
  end
  if left > 0 then
    local a, b, c = byte(s, length - left + 1, length)
    a, b, c = VALUES[a], VALUES[b], c and VALUES[c] or 0
    bad = bor(bad, a, b, c)
    out[at] = bor(lshift(a, 2), rshift(b, 4))
    out[at + 1] = bor(lshift(b, 4), rshift(c, 2))
    -- Bits that belong to no byte must be 0.
    if band(left == 2 and b or c, left == 2 and 15 or 3) ~= 0 then return nil end
    at = at + left - 1
  end
  if bad < 0 then return nil end
  return ffi.string(out, at)
end

-- ---------------------------------------------------------------- keys (RFC 7517)

local function der(tag, ...)
  local body = table.concat({ ... })
  local n = #body
  local length = n < 128 and char(n) or n < 256 and char(0x81, n)
    or char(0x82, rshift(n, 8), band(n, 255))
  return char(tag) .. length .. body
end

-- An unsigned number; its bytes without leading zeros besides.
local function integer(bytes)
  local bare = match(bytes, "^%z*(.*)$")
  return der(0x02, (byte(bare) or 0) >= 128 and "\0" .. bare or bare == "" and "\0" or bare), bare
end

local RSA = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00" -- rsaEncryption, NULL
local EC = "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01" -- id-ecPublicKey
local CURVES = {
  ["P-256"] = { size = 32, name = "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07" },
  ["P-384"] = { size = 48, name = "\x06\x05\x2b\x81\x04\x00\x22" },
  ["P-521"] = { size = 66, name = "\x06\x05\x2b\x81\x04\x00\x23" },
}
local ED25519 = "\x06\x03\x2b\x65\x70"

-- SubjectPublicKeyInfo (RFC 5280, 4.1.2.7), by `kty`; nil for a key that is none, or too weak.
local INFO = {}

function INFO.RSA(member)
  local n, e = member "n", member "e"
  if not n or not e then return nil end
  local modulus, bare = integer(n)
  local exponent, odd = integer(e)
  local first = byte(bare) or 0
  if #bare < 256 or #bare > 1024 or (#bare == 256 and first < 128) then return nil end
  if odd == "" or odd == "\1" or byte(odd, -1) % 2 == 0 then return nil end
  return der(0x30, der(0x30, RSA), der(0x03, "\0", der(0x30, modulus, exponent)))
end

function INFO.EC(member, curve)
  local x, y, known = member "x", member "y", CURVES[curve]
  if not x or not y or not known or #x ~= known.size or #y ~= known.size then return nil end
  return der(0x30, der(0x30, EC, known.name), der(0x03, "\0\4", x, y))
end

function INFO.OKP(member, curve)
  local x = member "x"
  if not x or curve ~= "Ed25519" or #x ~= 32 then return nil end
  return der(0x30, der(0x30, ED25519), der(0x03, "\0", x))
end

local function public(info)
  local at = ffi.new("const uint8_t *[1]", ffi.cast("const uint8_t *", info))
  return crypto.d2i_PUBKEY(nil, at, #info)
end

-- Whether a key is there to verify signatures.
local function verifies(jwk)
  if jwk.use ~= nil and jwk.use ~= "sig" then return false end
  if jwk.key_ops == nil then return true end
  if type(jwk.key_ops) ~= "table" then return false end
  for _, each in ipairs(jwk.key_ops) do
    if each == "verify" then return true end
  end
  return false
end

local function text(value)
  return type(value) == "string" and value or nil
end

-- One usable key, or nil.
local function read(jwk)
  if type(jwk) ~= "table" or not verifies(jwk) then return nil end
  local function member(name)
    return text(jwk[name]) and unbase64(jwk[name])
  end
  local made, secret
  if jwk.kty == "oct" then
    secret = member "k"
    if not secret or secret == "" then return nil end
    made = crypto.EVP_PKEY_new_raw_private_key(HMAC, nil, secret, #secret)
  else
    local info = text(jwk.kty) and INFO[jwk.kty] and INFO[jwk.kty](member, jwk.crv)
    if not info then return nil end
    made = public(info)
  end
  if made == nil then
    crypto.ERR_clear_error() -- or the engine's own TLS would read it as its own fault
    return nil
  end
  return {
    kty = jwk.kty, crv = jwk.kty ~= "oct" and text(jwk.crv) or nil,
    kid = jwk.kid ~= "" and text(jwk.kid) or nil, alg = text(jwk.alg),
    bytes = secret and #secret, pkey = ffi.gc(made, crypto.EVP_PKEY_free),
  }
end

local function fits(key, name, algorithm)
  return key.kty == algorithm.kty
    and (not key.alg or key.alg == name)
    and (not algorithm.crv or key.crv == algorithm.crv)
    and (not key.bytes or key.bytes >= algorithm.size)
end

-- For each allowed algorithm the keys that fit it, and whether there are any; nil and why when it is
-- no key set.
local function keyring(jwks, allowed)
  local listed = type(jwks) == "table" and jwks.keys
  if type(listed) ~= "table" or listed == json.null or json.is_object(listed) then
    return nil, "the key set has no `keys`"
  end
  local ring, some = {}, false
  for name in pairs(allowed) do ring[name] = {} end
  for i = 1, math.min(listed.n or #listed, MOST_KEYS) do
    local key = read(listed[i])
    for name, algorithm in pairs(key and allowed or {}) do
      if fits(key, name, algorithm) then
        table.insert(ring[name], key)
        some = true
      end
    end
  end
  return ring, some
end

-- ---------------------------------------------------------------- signatures

local how = ffi.new("void *[1]")
local mac, mac_length = ffi.new("uint8_t[64]"), ffi.new("size_t[1]")

local function same_mac(key, digest, signed, signature)
  mac_length[0] = 64
  return crypto.EVP_DigestSignInit(context, nil, digest, nil, key.pkey) == 1
    and crypto.EVP_DigestSign(context, mac, mac_length, signed, #signed) == 1
    and tonumber(mac_length[0]) == #signature
    and crypto.CRYPTO_memcmp(mac, signature, #signature) == 0
end

local function signed_by(key, algorithm, digest, signed, signature)
  return crypto.EVP_DigestVerifyInit(context, how, digest, nil, key.pkey) == 1
    and (not algorithm.pss
      or (crypto.EVP_PKEY_CTX_ctrl_str(how[0], "rsa_padding_mode", "pss") > 0
        and crypto.EVP_PKEY_CTX_ctrl_str(how[0], "rsa_pss_saltlen", "digest") > 0))
    and crypto.EVP_DigestVerify(context, signature, #signature, signed, #signed) == 1
end

-- Two numbers of fixed length as libcrypto wants them; nil when one is 0 (CVE-2022-21449).
local function pair(signature, half)
  if #signature ~= 2 * half then return nil end
  local r, bare_r = integer(signature:sub(1, half))
  local s, bare_s = integer(signature:sub(half + 1))
  if bare_r == "" or bare_s == "" then return nil end
  return der(0x30, r, s)
end

local function holds(key, algorithm, signed, signature)
  if algorithm.half then
    signature = pair(signature, algorithm.half)
    if not signature then return false end
  end
  local digest = algorithm.digest and crypto[algorithm.digest]() or nil
  crypto.EVP_MD_CTX_reset(context)
  local good
  if key.kty == "oct" then
    good = same_mac(key, digest, signed, signature)
  else
    good = signed_by(key, algorithm, digest, signed, signature)
  end
  if not good then crypto.ERR_clear_error() end
  return good
end

-- ---------------------------------------------------------------- tokens

local Verifier = {}
Verifier.__index = Verifier

-- A list of a plan or of JSON as a set; nil for none.
local function set(list)
  local made
  for _, each in ipairs(list or {}) do
    made = made or {}
    made[each] = true
  end
  return made
end

local function rules(options)
  local allowed = {}
  for _, name in ipairs(options.algorithms) do
    if not ALGORITHMS[name] then return nil, ("the algorithm `%s` is not known"):format(name) end
    allowed[name] = ALGORITHMS[name]
  end
  local issuer = options.issuer ~= "" and options.issuer or nil
  return setmetatable({
    allowed = allowed, issuer = issuer, audiences = set(options.audiences),
    leeway = math.max(0, math.min(60, options.leeway or 0)),
  }, Verifier)
end

-- `options`: `algorithms`, a list of names; `issuer` and `audiences`, asked for when they are not
-- empty; `jwks`, a decoded key set; `leeway`, seconds by which clocks may differ (0, at most 60).
-- A secret is at least as long as its digest and an RSA modulus has 2048 bits (RFC 7518, 3.2, 3.3):
-- other keys are left out. Returns nil and why when nothing could be verified.
function M.new(options)
  if not crypto then
    local there, why = load()
    if not there then return nil, why end
  end
  local self, why = rules(options)
  if not self then return nil, why end
  local some
  some, why = self:rotate(options.jwks)
  if some == nil then return nil, why end
  if not some then return nil, "no key of the set fits an allowed algorithm" end
  return self
end

-- The same without keys, for an engine that has verified the signature of this very token, each time
-- before it asks: all else that a token must be is judged here, and by the same code.
function M.trusting(options)
  local self = assert(rules(options))
  self.trusting, self.known = true, cache.new(CACHED)
  return self
end

-- Takes another key set; what was verified with the old one is verified again. Returns whether it has
-- a usable key: one without withdraws them all, and no token is good. What is no key set changes
-- nothing: nil and why.
function Verifier:rotate(jwks)
  local ring, some = keyring(jwks, self.allowed)
  if not ring then return nil, some end
  self.ring, self.known = ring, cache.new(CACHED)
  return some
end

-- Whether all readers of JSON make the same of a value: no number that a double does not hold, no half of
-- a surrogate pair (RFC 7493, 2), at most so many levels.
local function plain(value, depth)
  if type(value) == "string" then return json.utf8_valid(value) end
  if getmetatable(value) == json.number then return json.is_finite(value.text) end
  if json.is_array(value) then
    if depth >= LEVELS then return false end
    for i = 1, value.n do
      if not plain(value[i], depth + 1) then return false end
    end
  elseif json.is_object(value) then
    if depth >= LEVELS then return false end
    for name, each in pairs(value) do
      if not json.utf8_valid(name) or not plain(each, depth + 1) then return false end
    end
  end
  return true
end

local function object(part)
  local bytes = unbase64(part)
  local made = bytes and json.decode(bytes)
  return json.is_object(made) and plain(made, 0) and made or nil
end

-- A date of a claim in Unix seconds; false for what is none.
local function date(value)
  if getmetatable(value) ~= json.number then return false end
  local seconds = tonumber(value.text)
  return seconds >= 0 and seconds <= LAST and seconds
end

local function texts(list)
  for i = 1, list.n do
    if type(list[i]) ~= "string" then return false end
  end
  return true
end

-- The registered claim that is of another type than RFC 7519, 4.1 gives it, but for the dates that are
-- judged beside this; nil for none. A whole number is taken for a `sub`.
local function mistyped(claims)
  if claims.iss ~= nil and not text(claims.iss) then return "iss" end
  if claims.jti ~= nil and not text(claims.jti) then return "jti" end
  if claims.sub ~= nil and not json.text(claims.sub) then return "sub" end
  if claims.iat ~= nil and not date(claims.iat) then return "iat" end
  local aud = claims.aud
  if aud ~= nil and not text(aud) and not (json.is_array(aud) and texts(aud)) then return "aud" end
  return nil
end

local function meant_for(audiences, aud)
  if type(aud) == "string" then return audiences[aud] == true end
  for i = 1, aud and aud.n or 0 do
    if audiences[aud[i]] then return true end
  end
  return false
end

-- What is believed of a token for as long as its keys stand; nil and why.
local function examined(self, token)
  if #token > LONGEST then return nil, "too long" end
  local first, second, third = match(token, "^([%w_-]+)%.([%w_-]+)%.([%w_-]+)$")
  if not first then return nil, "malformed" end
  local header, signature = object(first), unbase64(third)
  if not header or not signature then return nil, "malformed" end
  local algorithm = text(header.alg) and self.allowed[header.alg]
  if not algorithm then return nil, "algorithm" end
  if header.crit ~= nil or header.b64 ~= nil or header.zip ~= nil then return nil, "crit" end
  local kid = header.kid
  if kid == "" or kid ~= nil and not text(kid) then return nil, "malformed" end
  local signed, good = token:sub(1, #first + 1 + #second), self.trusting
  -- A key without an id may have signed a token that names one.
  for _, key in ipairs(good and {} or self.ring[header.alg]) do
    if not kid or not key.kid or key.kid == kid then
      good = good or holds(key, algorithm, signed, signature)
    end
  end
  if not good then return nil, "signature" end
  local claims = object(second)
  if not claims then return nil, "malformed" end
  local exp, nbf = date(claims.exp), claims.nbf == nil and 0 or date(claims.nbf)
  if not exp then return nil, "exp" end
  if not nbf then return nil, "nbf" end
  local wrong = mistyped(claims)
  if wrong then return nil, wrong end
  if self.issuer and claims.iss ~= self.issuer then return nil, "iss" end
  if self.audiences and not meant_for(self.audiences, claims.aud) then return nil, "aud" end
  return { claims = claims, exp = exp, nbf = nbf }
end

-- The claims of a token that is valid at `now` (Unix seconds), as `json.decode` reads them: do not
-- change them, the next request with this token gets the same table. Else nil and one word why:
-- `malformed`, `too long`, `algorithm`, `crit`, `signature`, `exp`, `nbf`, `iss`, `aud`, `sub`, `iat`, `jti`.
function Verifier:verify(token, now)
  local known = self.known:get(token)
  if not known then
    local why
    known, why = examined(self, token)
    if not known then return nil, why end
    self.known:put(token, known)
  end
  if now >= known.exp + self.leeway then return nil, "exp" end
  if now < known.nbf - self.leeway then return nil, "nbf" end
  return known.claims
end

return M
