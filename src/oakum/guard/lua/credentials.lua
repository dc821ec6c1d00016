-- The only parser of credentials: which ones a request has, and which of them is the token.
--
-- A credential that could be read in two ways is not read. No other module of the guard parses a cookie
-- or searches for a token, so the credential that was verified is the one that is used.

local headers = require "oakum.headers"
local route = require "oakum.route"
local trim = require "oakum.trim"

local byte, find, lower, match, sub = string.byte, string.find, string.lower, string.match, string.sub
local char, gsub = string.char, string.gsub
local concat = table.concat

local M = {}

-- A name as those servers have it that fold letters (ASP.NET Core), and write `.`, a space and `[` as `_`
-- (PHP); `+` is a space to who decodes names. As long as it was.
local function folded(text)
  return (gsub(lower(text), "[ .%[+]", "_"))
end

local function cookie_of(name, place)
  return { name = name, folded = folded(name), place = place }
end

-- Cookies of these names, to be read with `read_cookies`; each has its place among them.
function M.jar(names)
  local made = {}
  for i = 1, #names do made[i] = cookie_of(names[i], i) end
  return made
end

local Reader = {}
Reader.__index = Reader

-- `places`: the credentials of the plan, in their order.
function M.new(places)
  local self = setmetatable({ places = places, cookies = {}, queries = {} }, Reader)
  for i = 1, #places do
    local each = places[i]
    if each.where == "cookie" then self.cookies[#self.cookies + 1] = cookie_of(each.name, i) end
    if each.where == "query" then self.queries[each.name] = i end
  end
  return self
end

local function blank(text, at)
  local b = byte(text, at)
  return b == 32 or b == 9
end

-- White space to some server. Beyond ASCII what is white space hangs on how a server decodes.
local function spaces(b)
  return b and (b <= 32 or b >= 127)
end

-- After these bytes some server begins another cookie: white space and controls, `"`, `,` and `;`.
local function parts(b)
  return spaces(b) or b == 34 or b == 44 or b == 59
end

-- Whether a quoted value goes on beyond the `;` at which this module ends it (RFC 2109 had that), or
-- ends before it to some server.
local function runs_on(cookie)
  for value in cookie:gmatch '=[ \t]*("[^;]*)' do
    local till = #value
    while blank(value, till) do till = till - 1 end
    value = sub(value, 1, till)
    if #value < 2 or byte(value, -1) ~= 34 or byte(value, -2) == 92 then return true end
    if find(gsub(sub(value, 2, -2), "\\.", ""), '"', 1, true) then return true end
  end
  return false
end

local function unescaped(digits) return char(tonumber(digits, 16)) end

local function decoded(text) return folded(gsub(text, "%%(%x%x)", unescaped)) end

-- Whether a name is decoded to a credential's by some server: all of what stands before a `=`, or what
-- follows white space in it.
local function hides(jar, cookie)
  for segment, equals in cookie:gmatch '([^;,"=]*)(=?)' do
    if equals == "=" and find(segment, "%", 1, true) then
      local from, till = 1, #segment
      while blank(segment, from) do from = from + 1 end
      while till >= from and blank(segment, till) do till = till - 1 end
      local last = till
      while last >= from and not parts(byte(segment, last)) do last = last - 1 end
      local whole, tail = decoded(sub(segment, from, till)), decoded(sub(segment, last + 1, till))
      for i = 1, #jar do
        if whole == jar[i].folded or tail == jar[i].folded then return true end
      end
    end
  end
  return false
end

local function bare(cookie, at)
  local b = byte(cookie, at)
  return b > 32 and b < 127
end

-- The cookies of a jar, into `held` by their place; false when one of them stands twice, or where one
-- server would find a cookie of its name and another would not.
local function read_cookies(jar, cookie, held)
  if find(cookie, "%", 1, true) and hides(jar, cookie) then return false end
  local some, text = false, folded(cookie)
  for i = 1, #jar do
    local name, alike, place = jar[i].name, jar[i].folded, jar[i].place
    local at = find(text, alike, 1, true)
    while at do
      local equals = at + #name
      while spaces(byte(cookie, equals)) do equals = equals + 1 end
      if byte(cookie, equals) == 61 and byte(cookie, at) ~= 32
        and (at == 1 or parts(byte(cookie, at - 1))) then
        local before = at - 1
        while before > 0 and blank(cookie, before) do before = before - 1 end
        local clean = before == 0 or byte(cookie, before) == 59
        if held[place] or not clean or equals ~= at + #name or sub(cookie, at, equals - 1) ~= name then
          return false
        end
        local from = equals + 1
        local till = (find(cookie, ";", from, true) or #cookie + 1) - 1
        while till >= from and blank(cookie, till) do till = till - 1 end
        -- Some servers strip control characters or other bytes from the ends of a value, and read another value.
        if till >= from and not (bare(cookie, from) and bare(cookie, till)) then return false end
        held[place], some = sub(cookie, from, till), true
      end
      at = find(text, alike, at + 1, true)
    end
  end
  return not (some and find(cookie, '"', 1, true) and runs_on(cookie))
end

M.read_cookies = read_cookies

-- Has the request go on without the credential of a place.
local function drop(self, x, i)
  local each, dropped = self.places[i], x.dropped or { header = {}, cookie = {}, query = {} }
  x.dropped = dropped
  dropped[each.where][each.name] = true
  if x.query_pieces then x.query_pieces[i] = nil end
end

-- Gathers the credentials of a request into `x.credentials` (place in the plan → value), or nil there
-- for none; false when one stands twice. `found` are those in the query.
function Reader:gather(x, found)
  if x.twice then return false end
  local held = x.credentials
  if x.cookie and #self.cookies > 0 then
    held = held or {}
    if not read_cookies(self.cookies, x.cookie, held) then return false end
  end
  if found then
    held = held or {}
    for name, piece in pairs(found) do
      held[self.queries[name]] = piece[2]
      x.query_pieces = x.query_pieces or {}
      x.query_pieces[self.queries[name]] = piece[1]
    end
  end
  -- A key that all callers of an application send goes along, and makes nobody somebody.
  local some, any = false, false
  for i = 1, held and #self.places or 0 do
    if held[i] == "" then -- the API might take it for its caller's, and who-am-I is not asked with it
      held[i] = nil
      drop(self, x, i)
    end
    any = any or held[i] ~= nil
    some = some or (held[i] ~= nil and not self.places[i].client)
  end
  x.credentials, x.carrying = some and held, any and held
  return true
end

-- One text for all credentials of a request together; none of them holds a zero byte.
function Reader:key(held)
  local text
  for i = 1, #self.places do
    if held[i] then text = (text and text .. "\0" or "") .. i .. ":" .. held[i] end
  end
  return text
end

-- The value of a place if it may name a caller.
function Reader:naming(held, nameless, i)
  local each, value = self.places[i], held[i]
  if each.client or nameless[i] then return nil end
  local whole = each.where == "header" and each.name == "cookie"
  return not (whole and value and headers.is_only_against_forgery(value)) and value or nil
end

-- By what it is remembered that credentials were somebody's, whether more than one of them may name a caller,
-- and the text of all where it is another: a whole `cookie` header beside another credential is left out of the
-- first, as it changes all the time. Nil where none of them names a caller.
function Reader:guess(held, nameless)
  local text, whole, n = nil, nil, 0
  for i = 1, #self.places do
    local each, value = self.places[i], self:naming(held, nameless, i)
    if value then
      n = n + 1
      if each.where == "header" and each.name == "cookie" then
        whole = value
      else
        text = (text and text .. "\0" or "") .. i .. ":" .. value
      end
    end
  end
  return text or whole, n > 1, text and whole and text .. "\0\0" .. whole
end

-- The credentials as a question carries them, and nothing else: headers, then the cookie, and the
-- pieces of the query.
-- With `clients` only the keys that all callers send.
function Reader:carried(x, clients)
  local held, made, cookies, pieces = x.carrying, {}, {}, {}
  if not held then return made end
  local whole
  for i = 1, #self.places do
    local each, value = self.places[i], held[i]
    if clients and not each.client then value = nil end
    if value and each.where == "header" and each.name == "cookie" then
      whole = value
    elseif value and each.where == "header" then
      made[#made + 1] = { each.name, value }
    elseif value and each.where == "cookie" then
      cookies[#cookies + 1] = each.name .. "=" .. value
    end
    if each.where == "query" and not clients and x.query_pieces and x.query_pieces[i] then
      pieces[#pieces + 1] = x.query_pieces[i]
    end
  end
  if whole or #cookies > 0 then made[#made + 1] = { "cookie", whole or concat(cookies, "; ") } end
  made.query, made.whole = #pieces > 0 and concat(pieces, "&") or nil, whole ~= nil
  return made
end

-- ---------------------------------------------------------------- what they say

local SPACE = trim.bytes " "

-- What stands after the scheme of an `authorization` header, and the scheme in lower case.
local function after_scheme(value)
  local scheme, rest = match(value, "^([^ ]*) *(.*)$")
  return sub(rest, 1, trim.last_but(rest, SPACE)), lower(scheme)
end

local function nothing() return nil end

local SIXTY_FOUR = {}
for i = 1, 64 do
  SIXTY_FOUR[byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", i)] = i - 1
end
SIXTY_FOUR[45], SIXTY_FOUR[95] = 62, 63
local BRACE = 123
-- White space and byte order marks, in UTF-8 or UTF-16.
local BEFORE_JSON = {
  [0] = true, [9] = true, [10] = true, [13] = true, [32] = true,
  [0xef] = true, [0xbb] = true, [0xbf] = true, [0xfe] = true, [0xff] = true,
}

-- Whether base64 of either alphabet begins as a JSON object does.
local function begins_object(part)
  local bits, n = 0, 0
  for i = 1, #part do
    bits, n = bits * 64 + SIXTY_FOUR[byte(part, i)], n + 6
    if n >= 8 then
      n = n - 8
      local made = math.floor(bits / 2 ^ n)
      if made == BRACE then return true end
      if not BEFORE_JSON[made] then return false end
      bits = bits % 2 ^ n
    end
  end
  return false
end

local ESCAPED_TIMES = 4

-- Whether a server may decode a token from a text, of however many parts, signed or not, with padding, in
-- quotes, or percent-encoded: one that is verified elsewhere is only decoded there.
local function may_be_token(text)
  for _ = 1, ESCAPED_TIMES do
    for part in text:gmatch "%f[%w_+/-]([%w_+/-]+)=*%." do
      if begins_object(part) then return true end
    end
    local plain = gsub(text, "%%(%x%x)", unescaped)
    if plain == text then return false end
    text = plain
  end
  return true
end

-- The one token (RFC 7519) of a request: nil for none, and false where two differ or where what
-- stands in its place is none. A session or a key of another kind beside a token says nothing, nor does what
-- stands in `nameless` places, unless some server may read a token in it.
function Reader:token(held, nameless)
  local token, other, strange = nil, false, false
  for i = 1, #self.places do
    local each, value, mine = self.places[i], held[i], nil
    if each.client then value = nil end
    if value and each.where == "header" and each.name == "authorization" then
      local rest, scheme = after_scheme(value)
      if scheme == "bearer" and rest ~= "" then mine = rest else other = true end
    elseif value and not (each.where == "header" and each.name == "cookie") then
      mine = match(value, "^[%w_-]+%.[%w_-]+%.[%w_-]+$")
      -- Some servers take quotes away or stop at a space or a comma, and read a token.
      local likely = not mine and may_be_token(value)
      for piece in not mine and value:gmatch '[^%s,"]+' or nothing do
        likely = likely or find(piece, "^[%w_-]+%.[%w_-]+%.[%w_-]+$") ~= nil
      end
      other = other or likely
      strange = strange or likely or not (mine or nameless and nameless[i])
    end
    if mine and token and mine ~= token then return false end
    token = token or mine
  end
  if token then return not other and token end
  if strange then return false end
  return nil
end

-- Leaves of the credentials of a request only the token that is to be verified, and what names nobody: keys
-- of an application, and the values of `nameless` places. Whatever else was sent, the API might take for its
-- caller; it goes into `x.dropped`. Returns what `token` does.
function Reader:only_token(x, nameless)
  local held, token = x.credentials, self:token(x.credentials, nameless)
  if token == false then return false end
  for i = 1, #self.places do
    local each, value = self.places[i], held[i]
    -- An `authorization` holds the token, or there is none.
    local stays = each.client or nameless[i] or (each.where == "header" and each.name == "authorization")
    if value and not stays and value ~= token then
      held[i] = nil
      drop(self, x, i)
    end
  end
  x.credentials = next(held) ~= nil and held or false
  return token
end

-- The one API key of a request, or nil where two differ. What is named like a tenant, and is nobody's key by
-- `holder`, says beside one what a request is about.
function Reader:api_key(held, nameless, holder)
  local key, beside
  for i = 1, #self.places do
    local value = self:naming(held, nameless, i)
    if value and self.places[i].where == "query" then
      local _, read = route.halves("=" .. value)
      if not read then return nil end
      value = read
    elseif value and self.places[i].name == "authorization" and find(value, " ", 1, true) then
      value = sub(value, find(value, " ", 1, true) + 1)
    end
    if value and self.places[i].tenant and not holder(value) then
      beside = beside or value
    else
      if value and key and value ~= key then return nil end
      key = key or value
    end
  end
  return key or beside
end

return M
