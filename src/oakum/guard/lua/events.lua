-- Splits responses that do not end into parts that are judged one by one: events of `text/event-stream`
-- (HTML standard, 9.2.6) and lines of NDJSON.
--
-- Only judged data is forwarded. Of an event these are its data, cut down, and its name, id and retry
-- time if any of its data is shown. Comments lose their text, and those of an event go with its data.

local byte, find, gsub, match, sub = string.byte, string.find, string.gsub, string.match, string.sub
local concat, max = table.concat, math.max

local M = {}

local CR, LF = 13, 10
local BOM = "\239\187\191"

M.KINDS = { ["text/event-stream"] = "sse", ["application/x-ndjson"] = "ndjson",
  ["application/ndjson"] = "ndjson", ["application/jsonl"] = "ndjson" }

local Events = {}
Events.__index = Events

-- `judge(data)` returns what may be shown of it, or nil; it may yield. `most`: bytes of one event.
function M.new(kind, most, judge)
  return setmetatable({ kind = kind, most = most, judge = judge, rest = "", first = true }, Events)
end

-- One event's lines, as they may go out.
local function dispatched(self)
  local event = self.event
  self.event = nil
  if not event then return "" end
  local shown = event.data and self.judge(concat(event.data, "\n"))
  if not shown then
    if event.data then return "" end
    return (event.retry and event.retry .. "\n" or "") .. (event.comment or "")
  end
  return (event.event or "") .. (event.id or "") .. (event.retry or "")
    .. "data: " .. gsub(shown, "\n", "\ndata: ") .. "\n\n"
end

local function sse_line(self, line)
  if line == "" then return dispatched(self) end
  self.event = self.event or {}
  if byte(line) == 58 then -- somebody is still there
    self.event.comment = ":\n\n"
    return ""
  end
  local name, value = match(line, "^([^:]*): ?(.*)$")
  name, value = name or line, value or ""
  if name == "data" then
    local data = self.event.data or {}
    data[#data + 1], self.event.data = value, data
  elseif name == "event" or name == "id" or (name == "retry" and find(value, "^%d+$")) then
    self.event[name] = name .. ": " .. value .. "\n"
  end
  return ""
end

local function ndjson_line(self, line)
  line = gsub(line, "\r$", "") -- the last one has none, so that one would tell of a line after it
  if line == "" then return "" end
  local shown = self.judge(line)
  return shown and shown .. "\n" or ""
end

local LINES = { sse = sse_line, ndjson = ndjson_line }

-- The next line of what has come, and where the one after begins. A CR at the end ends it, too: if a LF
-- comes next, it belongs to that. No line ends before `look`.
local function line_at(self, text, from, look)
  local stop = find(text, self.kind == "sse" and "[\r\n]" or "\n", look)
  if not stop then return nil end
  local after = stop + 1
  if byte(text, stop) == CR then
    self.ended = stop == #text
    if byte(text, after) == LF then after = after + 1 end
  end
  return sub(text, from, stop - 1), after
end

-- What may go out, now that `piece` has come. Raises when one event is longer than any may be.
function Events:feed(piece)
  if self.ended and piece ~= "" then
    self.ended = false
    if byte(piece) == LF then piece = sub(piece, 2) end
  end
  local text = self.rest .. piece
  if self.first then
    if #text < 3 and sub(BOM, 1, #text) == text then
      self.rest = text
      return ""
    end
    if sub(text, 1, 3) == BOM then text = sub(text, 4) end
    self.first = false
  end
  local out, n, at = {}, 0, 1
  local handle = LINES[self.kind]
  -- What was there before has no end of a line in it.
  local line, after = line_at(self, text, at, max(1, #text - #piece + 1))
  while line do
    self.size = (line == "" and 0 or self.size or 0) + #line
    if self.size > self.most then error "an event is too long" end
    n = n + 1
    out[n] = handle(self, line)
    if self.kind == "ndjson" then self.size = 0 end
    at = after
    line, after = line_at(self, text, at, at)
  end
  self.rest = sub(text, at)
  if #self.rest > self.most then error "an event is too long" end
  return concat(out)
end

-- What may go out at the end: a last line needs no end, half an event is none.
function Events:finish()
  if self.kind == "sse" then return "" end
  return ndjson_line(self, self.rest)
end

return M
