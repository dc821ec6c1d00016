-- An HTTP/1.1 client for requests to the API (RFC 9112), on nginx's sockets.
--
-- A response that can be read in two ways is refused: its end can be found in two ways, its head does
-- not match the grammar, or bytes follow its end. Its connection is not used again.

local ngx = ngx
local now = ngx.now
local buffer = require "string.buffer"
local places = require "oakum.places"
local concat = table.concat
local byte, find, lower, match, sub = string.byte, string.find, string.lower, string.match, string.sub

local M = {}

local PIECE = 65536
local HEAD = 65536 -- bytes of a status line with its fields
local FIELDS = 256
local LINE = 4096 -- bytes of a line between chunks
local INTERIM = 8 -- answers 1xx before the one that counts
local IDLE = 4000 -- ms; shorter than what usual servers wait before they hang up
local CR, TAB, SPACE, SLASH = 13, 9, 32, 47

-- Methods that may be asked again when a kept connection turns out to be dead, unless the request is said to
-- change something (`once`).
local REPEATABLE = { GET = true, HEAD = true, OPTIONS = true, QUERY = true }

-- ---------------------------------------------------------------- bytes

local CLOSED = { timeout = "slow" }

-- More bytes of the answer; nil and why there are none.
local function fill(c)
  local left = c.deadline - now()
  if left <= 0 then return nil, "slow" end
  c.sock:settimeout(left * 1000)
  local piece, why = c.sock:receiveany(PIECE)
  if not piece then return nil, CLOSED[why] or "cut short" end
  c.data = c.at > #c.data and piece or sub(c.data, c.at) .. piece
  c.at = 1
  return true
end

-- ---------------------------------------------------------------- head

-- Names as they came to names in lower case, so that a usual one is judged once.
local names, known = {}, 0

local function field_name(raw)
  local name = names[raw]
  if name then return name end
  if not find(raw, "^[%w!#$%%&'*+.^_`|~-]+$") then return nil end
  name = lower(raw)
  if known < 1000 then
    names[raw] = name
    known = known + 1
  end
  return name
end

local function field_value(data, from, to)
  local c = byte(data, from)
  while from <= to and (c == SPACE or c == TAB) do
    from = from + 1
    c = byte(data, from)
  end
  c = byte(data, to)
  while to >= from and (c == SPACE or c == TAB) do
    to = to - 1
    c = byte(data, to)
  end
  return sub(data, from, to)
end

-- Fields between two places of `data`: {{name, value}, ...}, or nil when one is malformed.
local function fields(data, from, to)
  local list, n = {}, 0
  while from <= to do
    local stop = find(data, "\n", from, true)
    local colon = find(data, ":", from, true)
    -- A bare CR or LF would begin a line for some reader.
    if find(data, "\r", from, true) ~= stop - 1 or not colon or colon > stop then return nil end
    local name = field_name(sub(data, from, colon - 1))
    n = n + 1
    if not name or n > FIELDS then return nil end
    list[n] = { name, field_value(data, colon + 1, stop - 2) }
    from = stop + 1
  end
  return list
end

-- Where the body ends, into `c.left` (bytes), `c.chunked` or `c.open` (at the connection's end).
local function framing(c, minor, headers, bodyless)
  local length, coding
  for i = 1, #headers do
    local name, value = headers[i][1], headers[i][2]
    if name == "content-length" then
      if length or not find(value, "^%d+$") or #value > 15 then return nil end
      length = tonumber(value)
    elseif name == "transfer-encoding" then
      if coding or lower(value) ~= "chunked" then return nil end
      coding = true
    elseif name == "connection" and find(lower(value), "close", 1, true) then
      c.last = true
    end
  end
  if coding and (length or minor == "0") then return nil end
  if minor == "0" then c.last = true end
  if bodyless then
    c.left = 0
  elseif coding then
    c.chunked, c.left = true, 0
  elseif length then
    c.left = length
  else
    c.open, c.last = true, true
  end
  return true
end

local function head(c)
  for _ = 0, INTERIM do
    local stop
    repeat
      stop = find(c.data, "\r\n\r\n", c.at, true)
      if not stop then
        if #c.data - c.at > HEAD then return nil, "garbled" end
        local ok, why = fill(c)
        if not ok then return nil, why end
      end
    until stop
    local data, line = c.data, find(c.data, "\r\n", c.at, true)
    local minor, status, reason =
      match(sub(data, c.at, line - 1), "^HTTP/1%.([01]) (%d%d%d)([^\r\n]*)$")
    status = reason and (reason == "" or byte(reason) == SPACE) and tonumber(status)
    local headers = status and fields(data, line + 2, stop + 1)
    if not headers or find(sub(data, c.at, stop), "\0", 1, true) then return nil, "garbled" end
    c.at = stop + 4
    if status >= 200 then
      if not framing(c, minor, headers, c.bodyless or status == 204 or status == 304) then
        return nil, "garbled"
      end
      c.status, c.headers = status, headers
      return true
    elseif status < 100 or status == 101 then
      return nil, "garbled" -- nobody has asked for another protocol
    end
  end
  return nil, "garbled"
end

-- ---------------------------------------------------------------- body

-- A line between chunks, without its end.
local function line(c)
  while true do
    local stop = find(c.data, "\n", c.at, true)
    if stop then
      if byte(c.data, stop - 1) ~= CR or stop - 1 < c.at then return nil, "garbled" end
      local text = sub(c.data, c.at, stop - 2)
      if find(text, "\r", 1, true) then return nil, "garbled" end
      c.at = stop + 1
      return text
    end
    if #c.data - c.at > LINE then return nil, "garbled" end
    local ok, why = fill(c)
    if not ok then return nil, why end
  end
end

local function trailers(c)
  for _ = 0, FIELDS do
    local text, why = line(c)
    if not text then return nil, why end
    if text == "" then
      c.chunked = nil
      return true
    end
  end
  return nil, "garbled"
end

-- Length of the next chunk into `c.left`; the last one ends the body.
local function chunk(c)
  local text, why
  if c.within then -- the end of the chunk before
    text, why = line(c)
    if text ~= "" then return nil, why or "garbled" end
  end
  text, why = line(c)
  if not text then return nil, why end
  local size = match(text, "^(%x+)$") or match(text, "^(%x+)[ \t]*;")
  if not size or #size > 8 then return nil, "garbled" end
  c.left, c.within = tonumber(size, 16), true
  if c.left == 0 then return trailers(c) end
  return true
end

-- The next bytes of the body as they come; nil at its end; nil and a reason when it never comes.
function M.piece(c)
  if c.open then
    if c.at > #c.data then
      local ok, why = fill(c)
      if not ok then
        if why == "cut short" then
          c.open, c.left = nil, 0
          return nil
        end
        return nil, why
      end
    end
    local text = sub(c.data, c.at)
    c.at = #c.data + 1
    return text
  end
  if c.left == 0 and c.chunked then
    local ok, why = chunk(c)
    if not ok then return nil, why end
  end
  if c.left == 0 then return nil end
  if c.at > #c.data then
    local ok, why = fill(c)
    if not ok then return nil, why end
  end
  local text = sub(c.data, c.at, c.at + c.left - 1)
  c.at, c.left = c.at + #text, c.left - #text
  return text
end

local function whole(c, most)
  local from = c.at
  if not c.open and not c.chunked then
    if c.left > most then return nil, "too long" end
    if #c.data - from + 1 >= c.left then -- all there: one cut
      c.at = from + c.left
      c.left = 0
      return sub(c.data, from, c.at - 1)
    end
  end
  local parts, n, size = {}, 0, 0
  while true do
    local text, why = M.piece(c)
    if not text then
      if why then return nil, why end
      return concat(parts)
    end
    n, size = n + 1, size + #text
    if size > most then return nil, "too long" end
    parts[n] = text
  end
end

-- ---------------------------------------------------------------- the dialogue

-- Ends a connection, or keeps it when its answer was read to the end and nothing came after.
function M.close(c)
  local clean = not c.last and not c.chunked and c.left == 0 and c.at == #c.data + 1
  if not clean or not c.sock:setkeepalive(IDLE) then c.sock:close() end
end

local out = buffer.new()

local function text_of(place, q)
  -- Nothing here waits, so one buffer serves every request.
  out:reset():put(q.method, " ", q.target, " HTTP/1.1\r\nhost: ", place.authority, "\r\n")
  local headers = q.headers
  for i = 1, #headers do
    out:put(headers[i][1], ": ", headers[i][2], "\r\n")
  end
  local body = q.body or ""
  if body ~= "" or not REPEATABLE[q.method] then
    out:put("content-length: ", #body, "\r\n\r\n", body)
  else
    out:put("\r\n")
  end
  return out:get()
end

-- Whether a request says what it says to every reader. nginx lets no line end into a header; what
-- was derived since (`derived`, else all headers) is looked at.
function M.sound(q)
  if find(q.method, "[^%u_-]") or find(q.target, "[%z\1-\32\127]") or byte(q.target) ~= SLASH then
    return false
  end
  local headers = q.derived or q.headers
  for i = 1, #headers do
    local value = headers[i][2]
    if
      find(value, "\n", 1, true) or find(value, "\r", 1, true) or find(value, "\0", 1, true)
      or not field_name(headers[i][1])
    then
      return false
    end
  end
  return true
end

-- Asks, and reads the head of the answer. q = {method, target, headers = {{name, value}, ...},
-- body, timeout (s, for the whole of it), once} -> {status, headers = {{name_lower, value}, ...}}, for
-- `piece` and `close`; nil and why: "refused", "slow", "cut short", "garbled".
function M.open(place, q)
  if not M.sound(q) then return nil, "garbled" end
  local deadline = now() + q.timeout
  local text = text_of(place, q)
  for _ = 1, 2 do
    local sock, reused = places.connect(place, q.timeout)
    if not sock then return nil, reused end
    local c = {
      sock = sock, data = "", at = 1, deadline = deadline, bodyless = q.method == "HEAD",
    }
    local ok, why = sock:send(text)
    if ok then
      ok, why = head(c)
      if ok then return c end
    else
      why = CLOSED[why] or "cut short"
    end
    sock:close()
    -- A kept connection may have been closed by its other end just now: then nobody has read us.
    if not (reused and why == "cut short" and c.data == "" and REPEATABLE[q.method] and not q.once) then
      return nil, why
    end
  end
  return nil, "cut short"
end

-- What is left of the whole answer, {status, headers, body}, or with `truncated` and no body where it is
-- longer than `most` bytes; nil and why as above.
function M.rest(c, most)
  local body, why = whole(c, most)
  if not body then
    c.sock:close()
    if why ~= "too long" then return nil, why end
    return { status = c.status, headers = c.headers, body = "", truncated = true }
  end
  M.close(c)
  return { status = c.status, headers = c.headers, body = body }
end

function M.abort(c)
  c.sock:close()
end

function M.call(place, q, most)
  local c, why = M.open(place, q)
  if not c then return nil, why end
  return M.rest(c, most)
end

return M
