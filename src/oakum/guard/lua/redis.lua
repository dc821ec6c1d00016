-- Counts the owners whose objects a caller has read, for all nodes of a fleet, in one Redis.
--
-- Redis can refuse more than a node alone, and never allow more. It is asked after this node's own count
-- has agreed. When it is unreachable, slow or unsuitable, that count decides alone (so a fleet of n
-- nodes shows at most n times the limit), and a request waits for Redis at most twice `timeout`: to
-- connect, and for the response. Then Redis is not asked for a second, doubled up to eight while it
-- stays unreachable. Its name is looked up at the start, and anew, beside the requests, while it is not known or
-- Redis cannot be reached.
--
-- Asking blocks the worker. That is acceptable because only the first read of an owner's objects in a
-- window asks; a caller past the limit asks for each further owner, since another node may have shown
-- that one.
--
-- Redis contains no id: names of keys and members are HMACs under the fleet's key.

local ffi = require "ffi"
local bit = require "bit"
local hash = require "oakum.hash"

local ceil, concat = math.ceil, table.concat
local C = ffi.C

local M = {}

ffi.cdef [[
int socket(int domain, int type, int protocol);
int connect(int fd, const void *address, unsigned int length);
int setsockopt(int fd, int level, int option, const void *value, unsigned int length);
ssize_t send(int fd, const void *buffer, size_t length, int flags);
ssize_t recv(int fd, void *buffer, size_t length, int flags);
int getaddrinfo(const char *host, const char *port, const void *hints, void *found);
void freeaddrinfo(void *found);
int getaddrinfo_a(int mode, void *requests, int count, void *event);
int gai_error(void *request);
void *calloc(size_t count, size_t size);
int clock_gettime(int clock, void *time);
int close(int fd);
char *strerror(int error);
]]

-- As Linux lays them out, on x64 and arm64 alike.
local Found = ffi.typeof [[
  struct { int flags, family, socktype, protocol; unsigned int length; void *address, *name, *next; }]]
local FoundPointer = ffi.typeof("$ *", Found)
-- A look-up by another thread (glibc's `struct gaicb`), with the texts that it reads.
local Seeking = ffi.typeof([[
  struct {
    struct { const char *host, *port; const void *hints; void *found; int status; int reserved[5]; } request;
    $ hints; void *list[1]; char host[256]; char port[8];
  }]], Found)
local SeekingPointer = ffi.typeof("$ *", Seeking)
local NOWAIT, IN_PROGRESS = 1, -100
local STREAM, CLOEXEC, SOCKET, RCVTIMEO, SNDTIMEO, NOSIGNAL = 1, 0x80000, 1, 20, 21, 0x4000
local MONOTONIC, EINTR, EAGAIN, EINPROGRESS = 1, 4, 11, 115

local LONGEST = 512 -- bytes of an answer: a few short lines
local SCRIPT = [[
local fresh = 0
for i = 3, #ARGV do
  if redis.call('SISMEMBER', KEYS[1], ARGV[i]) == 0 then fresh = fresh + 1 end
end
if fresh == 0 then return 1 end
if redis.call('SCARD', KEYS[1]) + fresh > tonumber(ARGV[1]) then return 0 end
for i = 3, #ARGV do redis.call('SADD', KEYS[1], ARGV[i]) end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1]]
local ONCE_MORE = [[
if tonumber(redis.call('GET', KEYS[1]) or '0') >= tonumber(ARGV[1]) then return 0 end
redis.call('INCR', KEYS[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1]]

local Redis = {}
Redis.__index = Redis

local instant = ffi.new("int64_t[2]")

local function clock()
  C.clock_gettime(MONOTONIC, ffi.cast("void *", instant))
  return tonumber(instant[0]) + tonumber(instant[1]) / 1e9
end

-- ---------------------------------------------------------------- the address

local function unescaped(s)
  return (s:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

-- `redis://[[user]:password@]host[:port][/database]`; nil and why for anything else.
local function parse(url)
  local rest = url:match("^redis://(.+)$")
  if not rest then return nil, "it is not of the form `redis://host:port`" end
  local who, place = rest:match("^(.*)@([^@]*)$")
  place = place or rest
  local host, port, database = place:match("^%[([%x:.]+)%]:?(%d*)/?(%d*)$")
  if not host then host, port, database = place:match("^([%w._-]+):?(%d*)/?(%d*)$") end
  if not host then return nil, "it is not of the form `redis://host:port/database`" end
  local opening = {}
  if who then
    local user, password = who:match("^([^:]*):(.*)$")
    if not user then return nil, "a password stands after a colon: `redis://:password@host`" end
    opening[1] = user == "" and { "AUTH", unescaped(password) }
      or { "AUTH", unescaped(user), unescaped(password) }
  end
  if database ~= "" and tonumber(database) > 0 then
    opening[#opening + 1] = { "SELECT", database }
  end
  return { host = host, port = port == "" and "6379" or port, opening = opening }
end

local function kept(list)
  local first = ffi.cast(FoundPointer, list)
  local made = {
    family = first.family, length = first.length, address = ffi.string(first.address, first.length),
  }
  C.freeaddrinfo(list)
  return made
end

-- Looks a name up: this may wait for the resolver, which no request can.
local function resolve(host, port)
  local hints, list = Found(), ffi.new("void *[1]")
  hints.socktype = STREAM
  if C.getaddrinfo(host, port, hints, list) ~= 0 then return nil end
  return kept(list[0])
end

local has_threads = pcall(function() return C.getaddrinfo_a, C.gai_error end) -- glibc, not musl

-- Begins to look the name up, beside the requests. Never before nginx forks, which would lose the thread. The
-- memory is never freed, since the thread may outlive this state; each state has one piece of it at most.
local function seek(self)
  local numeric = self.host:find "^[%d.]+$" or self.host:find(":", 1, true)
  if not has_threads or numeric or self.seeks or #self.host > 255 or #self.port > 7 then return end
  local at = self.seeking or ffi.cast(SeekingPointer, C.calloc(1, ffi.sizeof(Seeking)))
  if at == nil then return end
  self.seeking = at
  ffi.copy(at.host, self.host)
  ffi.copy(at.port, self.port)
  at.hints.socktype = STREAM
  at.request.host, at.request.port, at.request.hints = at.host, at.port, at.hints
  at.request.found, at.list[0] = nil, at
  self.seeks = C.getaddrinfo_a(NOWAIT, at.list, 1, nil) == 0
end

-- Takes the address that was found meanwhile, if any.
local function settle(self)
  if not self.seeks then return end
  local status = C.gai_error(self.seeking)
  if status == IN_PROGRESS then return end
  self.seeks = false
  if status == 0 then self.address = kept(self.seeking.request.found) end
end

-- ---------------------------------------------------------------- the connection

local function fault()
  local code = ffi.errno()
  if code == EAGAIN or code == EINPROGRESS then return "no answer in time" end
  return ffi.string(C.strerror(code))
end

local function unknown(host) return ("no address is known for `%s`"):format(host) end

local function connect(self)
  settle(self)
  if not self.address then return nil, unknown(self.host) end
  local fd = C.socket(self.address.family, bit.bor(STREAM, CLOEXEC), 0)
  if fd < 0 then return nil, fault() end
  C.setsockopt(fd, SOCKET, RCVTIMEO, self.patience, 16)
  C.setsockopt(fd, SOCKET, SNDTIMEO, self.patience, 16) -- connecting counts as sending
  if C.connect(fd, self.address.address, self.address.length) ~= 0 then
    local why = fault()
    C.close(fd)
    return nil, why
  end
  return ffi.gc(ffi.new("struct { int fd; }", fd), function(socket) C.close(socket.fd) end)
end

local function disconnect(self)
  if self.socket then C.close(ffi.gc(self.socket, nil).fd) end
  self.socket = nil
end

-- The bytes of commands (RESP 2).
local function encode(commands)
  local parts, n = {}, 0
  for _, command in ipairs(commands) do
    n = n + 1
    parts[n] = "*" .. #command .. "\r\n"
    for _, word in ipairs(command) do
      n = n + 1
      parts[n] = "$" .. #word .. "\r\n" .. word .. "\r\n"
    end
  end
  return concat(parts)
end

local buffer = ffi.new("uint8_t[?]", LONGEST)

local function push(fd, text)
  local bytes, at = ffi.cast("const uint8_t *", text), 0
  for _ = 1, 64 do
    local sent = C.send(fd, bytes + at, #text - at, NOSIGNAL)
    if sent < 0 and ffi.errno() ~= EINTR then return nil, fault() end
    if sent > 0 then at = at + tonumber(sent) end
    if at == #text then return true end
  end
  return nil, "no answer in time"
end

-- `count` lines, each the answer to one command; nil and why.
local function pull(fd, count, deadline)
  local text = ""
  for _ = 1, 64 do
    local got = C.recv(fd, buffer, LONGEST, 0)
    if got == 0 then return nil, "it closed the connection" end
    if got < 0 and ffi.errno() ~= EINTR then return nil, fault() end
    if got > 0 then text = text .. ffi.string(buffer, got) end
    local _, lines = text:gsub("\r\n", "")
    if lines >= count then return text end
    if #text > LONGEST then return nil, "it answers at length" end
    if clock() > deadline then return nil, "no answer in time" end
  end
  return nil, "no answer in time"
end

-- Sends commands and returns the last one's number; nil and why for anything but numbers and `OK`.
local function exchange(self, commands)
  local deadline = clock() + self.timeout
  local sent, why = push(self.socket.fd, encode(commands))
  if not sent then return nil, why end
  local text
  text, why = pull(self.socket.fd, #commands, deadline)
  if not text then return nil, why end
  local last
  for line in text:gmatch("([^\r]*)\r\n") do
    -- Only the first word of a fault: the rest might repeat what was sent.
    if line:find("^%-") then return nil, "it answers " .. line:match("^%-(%w*)") end
    last = line:match("^:(%d+)$")
    if not last and line ~= "+OK" then break end
  end
  if not last then return nil, "it does not speak as Redis does" end
  return tonumber(last)
end

-- ---------------------------------------------------------------- the count

local function failed(self, why)
  if self.pause == 0 and self.log then
    self.log("warn", ("redis cannot be used: %s; this node counts alone until it can"):format(why))
  end
  self.pause = math.min(8, math.max(1, self.pause * 2))
  self.rest = clock() + self.pause
end

-- `options`: `url`; `key`, a secret that all nodes of the fleet share; `timeout` in seconds (0.05);
-- `log(level, text)`. Connects when it is first needed, so that no two workers share a connection.
function M.open(options)
  if jit.os ~= "Linux" then return nil, "counting for a fleet needs Linux" end
  if #(options.key or "") < 16 then
    return nil, "counting for a fleet needs a key of at least 16 bytes that all its nodes share"
  end
  local place, unfit = parse(options.url)
  if not place then return nil, "the address of Redis cannot be used: " .. unfit end
  local timeout = options.timeout or 0.05
  local patience = ffi.new("int64_t[2]")
  patience[0], patience[1] = math.floor(timeout), math.floor(timeout % 1 * 1e6)
  local self = setmetatable({
    host = place.host, port = place.port, address = resolve(place.host, place.port),
    opening = place.opening, key = options.key, log = options.log,
    timeout = timeout, patience = patience,
    rest = 0, pause = 0, -- no attempt before `rest`; `pause` is 0 while Redis answers
  }, Redis)
  if not self.address then failed(self, unknown(place.host)) end
  return self
end

-- A connection that Redis closed since the last question is opened anew, once.
local function ask(self, command)
  if self.socket then
    local answer, why = exchange(self, { command })
    if answer then return answer end
    disconnect(self)
    if why == "no answer in time" then return nil, why end
  end
  local socket, why = connect(self)
  if not socket then
    seek(self)
    return nil, why
  end
  self.socket = socket
  local commands = {}
  for i, each in ipairs(self.opening) do commands[i] = each end
  commands[#commands + 1] = command
  local answer
  answer, why = exchange(self, commands)
  if not answer then disconnect(self) end
  return answer, why
end

-- The name in Redis of what is counted for `key` under the limit `name` in the window that ends at `ends`.
local function place_of(self, name, key, ends)
  return hash.hmac_hex(self.key, ("%s\0%d\0%s"):format(name, ends, key)):sub(1, 32)
end

-- A command that counts at `place` by `script`, up to `most`; what it counts may follow.
local function counting(script, place, most, ends, now)
  return {
    "EVAL", script, "1", "oakum:" .. place, ("%d"):format(most), ("%d"):format(ceil(ends - now) + 60),
  }
end

-- True when Redis counted, false when that would be too many, nil when it cannot say.
local function count(self, command)
  local answer, why = ask(self, command)
  if not answer then
    failed(self, why)
    return nil
  end
  if self.pause > 0 then
    self.pause = 0
    if self.log then self.log("info", "redis can be used again") end
  end
  return answer == 1
end

-- Counts the first `n` of `owners` for a caller under the limit `name` in the window that ends at
-- `ends`, unless they would be more than `most` with those that any node counted: then false. True
-- when they were counted, nil when Redis cannot say.
function Redis:take(name, caller, owners, n, most, ends, now)
  if clock() < self.rest then return nil end
  local place = place_of(self, name, caller, ends)
  local command = counting(SCRIPT, place, most, ends, now)
  for i = 1, n do command[6 + i] = hash.hmac(self.key, place .. owners[i]):sub(1, 16) end
  return count(self, command)
end

-- The same for one more call of `key`, a caller or an address.
function Redis:call(name, key, most, ends, now)
  if clock() < self.rest then return nil end
  return count(self, counting(ONCE_MORE, place_of(self, name, key, ends), most, ends, now))
end

return M
