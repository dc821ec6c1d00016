-- Data that the workers of a node share, in one file that all of them map: when look-ups became stale,
-- whose objects a caller has read, how often a caller came. Workers may be processes or threads; each
-- has a Lua state of its own and opens the file itself, after any fork.
--
-- A limit is exact for the node: nobody gets more by sending requests to several workers at once.
-- Whatever decides and writes does so under the file's lock (for about a microsecond, and only for an
-- owner that the caller has not read yet); the rest reads, or writes where no other worker writes.
--
-- The file contains no id: only hashes, keyed with bytes that were drawn when it was made. Its size is
-- fixed (about 18 MB), and so is how much it remembers per window of time:
--   65,536    marks of staleness, and when they change by themselves: ids that share one go stale together
--   131,072   rows, each one caller under one limit
--   1,048,576 pairs of a caller and an owner
--
-- Each entry can be stored in 16 places. When all are taken, an expired entry is replaced; else the row
-- with the lowest count (so a caller who reads many is never forgotten for one who reads few), or the
-- pair that expires first (its owner counts once more for that caller). Windows are fixed and aligned to
-- their length, so at the border of two windows there may be a burst of twice the limit.

local bit = require "bit"
local ffi = require "ffi"
local hash = require "oakum.hash"

local band, bxor, ceil, floor, max = bit.band, bit.bxor, math.ceil, math.floor, math.max
local fast = hash.fast
local C = ffi.C

local M = {}

ffi.cdef [[
int open(const char *path, int flags, ...);
int close(int fd);
int fchmod(int fd, unsigned int mode);
int flock(int fd, int operation);
int ftruncate(int fd, int64_t length);
int posix_fallocate(int fd, int64_t offset, int64_t length);
int unlink(const char *path);
int munmap(void *at, size_t length);
int64_t lseek(int fd, int64_t offset, int whence);
ssize_t pread(int fd, void *buffer, size_t count, int64_t offset);
ssize_t pwrite(int fd, const void *buffer, size_t count, int64_t offset);
void *mmap(void *at, size_t length, int protection, int flags, int fd, int64_t offset);
char *strerror(int error);
]]

-- O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC
local OPEN = {
  ["Linux x64"] = 0x2 + 0x40 + 0x20000 + 0x80000,
  ["Linux arm64"] = 0x2 + 0x40 + 0x8000 + 0x80000,
  ["OSX arm64"] = 0x2 + 0x200 + 0x100 + 0x1000000,
  ["OSX x64"] = 0x2 + 0x200 + 0x100 + 0x1000000,
}
local LOCK, UNLOCK, SEEK_END, READ_WRITE, SHARED = 2, 8, 2, 3, 1
local OWNER_ONLY = ffi.new("int", 384) -- 0600

local EPOCHS, ROWS, PAIRS, REACH, CELLS = 65536, 131072, 1048576, 16, 13

local MAGIC, RETIRED, BLANK = "OAKUMGRD", "OAKUMOLD", ("\0"):rep(8)
local LAYOUT = ("2: %d epochs, %d rows, %d pairs, %d places, %d cells\n"):format(
  EPOCHS, ROWS, PAIRS, REACH, CELLS)

-- `cells` are counted by one worker each (as long as there are no more workers), so that no count is
-- lost between reading and writing; a row counts the sum of them.
local Head = ffi.typeof [[
  struct { char magic[8]; char layout[112]; int32_t key0, key1; uint32_t workers; }]]
local Row = ffi.typeof "struct { int32_t tag1, tag2; uint32_t ends; uint32_t cells[13]; }"
local Pair = ffi.typeof "struct { int32_t tag; uint32_t ends; }"
local HEAD = 4096
local SIZE = HEAD + 2 * EPOCHS * 8 + ROWS * ffi.sizeof(Row) + PAIRS * ffi.sizeof(Pair)

local HeadPointer, BytePointer = ffi.typeof("$ *", Head), ffi.typeof("uint8_t *")
local EpochPointer = ffi.typeof("double *")
local RowPointer, PairPointer = ffi.typeof("$ *", Row), ffi.typeof("$ *", Pair)
local Words = ffi.typeof("int32_t[?]")

local Shared = {}
Shared.__index = Shared

-- ---------------------------------------------------------------- the file

-- Waits for a holder, who needs microseconds; a signal may interrupt that.
local function lock(fd)
  for _ = 1, 100 do
    if C.flock(fd, LOCK) == 0 then return end
  end
end

local function fault()
  return ffi.string(C.strerror(ffi.errno()))
end

-- Reserves the whole file: a page that the disk cannot hold would end the process later.
local function reserve(fd)
  if jit.os == "OSX" then
    return C.ftruncate(fd, SIZE) == 0 or fault()
  end
  local error = C.posix_fallocate(fd, 0, SIZE)
  return error == 0 or ffi.string(C.strerror(error))
end

local function map(fd)
  local at = C.mmap(nil, SIZE, READ_WRITE, SHARED, fd, 0)
  if ffi.cast("intptr_t", at) == -1 then return nil, fault() end
  return ffi.gc(ffi.cast(BytePointer, at), function(base)
    C.munmap(base, SIZE)
    C.close(fd)
  end)
end

-- Maps the file under its lock: a new one is made ready, one of another layout is taken away for
-- good. Those who wait for its lock learn that from its first bytes ("replaced": open again), and
-- those who use it still go on with it.
local function attach(fd, path)
  local head = Head()
  local known = C.pread(fd, head, ffi.sizeof(Head), 0)
  if known < 0 then return nil, fault() end
  local magic, size = ffi.string(head.magic, 8), C.lseek(fd, 0, SEEK_END)
  if magic == RETIRED then return nil, "replaced" end
  if size == 0 or (magic == BLANK and size == SIZE) then
    local made = reserve(fd)
    if made ~= true then return nil, made end
    local base, why = map(fd)
    if not base then return nil, why end
    head = ffi.cast(HeadPointer, base)
    ffi.copy(head.layout, LAYOUT)
    ffi.copy(ffi.cast(BytePointer, base) + ffi.offsetof(Head, "key0"), hash.random(8), 8)
    ffi.copy(head.magic, MAGIC, 8)
    return base
  end
  if magic ~= MAGIC then return nil, "it is no state of a guard" end
  if size ~= SIZE or ffi.string(head.layout) ~= LAYOUT then
    if C.unlink(path) ~= 0 then return nil, fault() end
    C.pwrite(fd, RETIRED, 8, 0)
    return nil, "replaced"
  end
  return map(fd)
end

local function new(base, fd, limits, fleet)
  local head = ffi.cast(HeadPointer, base)
  local worker = head.workers
  head.workers = worker + 1
  local epochs = base + HEAD
  local ends = epochs + EPOCHS * 8
  local rows = ends + EPOCHS * 8
  local self = {
    base = base, fd = fd, fleet = fleet, -- `base` keeps the mapping alive
    key0 = head.key0, key1 = head.key1,
    epochs = ffi.cast(EpochPointer, epochs),
    ends = ffi.cast(EpochPointer, ends),
    rows = ffi.cast(RowPointer, rows),
    pairs = ffi.cast(PairPointer, rows + ROWS * ffi.sizeof(Row)),
    cell = worker % CELLS,
    -- Every mark is a number that no worker wrote before.
    mark = (worker % 2 ^ 20) * 2 ^ 32,
    names = {}, limit0 = {}, limit1 = {},
    room = 0, fresh = {}, one = {},
  }
  for i, limit in ipairs(limits) do
    local name = ("%s\0%s\0%s"):format(limit.name, limit.kind, limit.per)
    self.names[i - 1] = name
    self.limit0[i - 1], self.limit1[i - 1] = fast(name, self.key0, self.key1)
  end
  return setmetatable(self, Shared)
end

-- The state in the file at `path`, which is made when it is not there, readable by its owner only.
-- `limits` are those of the plan (`name`, `kind`, `per` of at least a second); their places count
-- from 0. A limit that a new contract states alike goes on counting. `redis` holds the options of
-- `oakum.redis`, or is nil: this node counts alone. Returns nil and why when it cannot be opened.
function M.open(path, limits, redis)
  local flags = OPEN[jit.os .. " " .. jit.arch]
  if not flags then return nil, "the state of a guard needs Linux or macOS" end
  for _, limit in ipairs(limits) do
    if limit.per < 1 then
      return nil, ("limit `%s`: a window shorter than a second is not counted"):format(limit.name)
    end
  end
  local fleet, unfit
  if redis then
    fleet, unfit = require("oakum.redis").open(redis)
    if not fleet then return nil, unfit end
  end
  for _ = 1, 5 do
    local fd = C.open(path, flags, OWNER_ONLY)
    if fd < 0 then return nil, ("`%s`: %s"):format(path, fault()) end
    local made, why
    if C.fchmod(fd, 384) == 0 then
      lock(fd)
      local base
      base, why = attach(fd, path)
      made = base and new(base, fd, limits, fleet)
      C.flock(fd, UNLOCK)
    else
      why = fault()
    end
    if made then return made end
    C.close(fd)
    if why ~= "replaced" then return nil, ("`%s`: %s"):format(path, why) end
  end
  return nil, ("`%s`: others replace it all the time"):format(path)
end

-- ---------------------------------------------------------------- look-ups

local function place(self, id)
  return band((fast(id, self.key0, self.key1)), EPOCHS - 1)
end

-- A number that changes whenever anybody on this node writes about `id`, and once more when a write that
-- `begin` told of must have ended; compare for equality only. `now` is in Unix seconds.
function Shared:epoch(id, now)
  local at = place(self, id)
  local ends = self.ends[at]
  if ends > 0 and ends <= now then return -ends end
  return self.epochs[at]
end

-- Whether a write that `begin` told of may still be under way.
function Shared:busy(id, now)
  return self.ends[place(self, id)] > now
end

function Shared:bump(id, now)
  local at = place(self, id)
  self.mark = self.mark + 1
  self.epochs[at] = self.mark
  if self.ends[at] <= now then self.ends[at] = 0 end
end

-- The same when a write begins that nobody may tell the end of: who asked for it may hang up, and the
-- API may go on with what it never answers. It ends by `ends` at the latest.
function Shared:begin(id, ends, now)
  local at = place(self, id)
  self:bump(id, now)
  if self.ends[at] < ends then self.ends[at] = ends end
end

-- ---------------------------------------------------------------- rows and pairs

local function window(now, per)
  return floor((floor(now / per) + 1) * per)
end

local function wait(ends, now)
  return max(1, ceil(ends - now))
end

local function find(rows, h1, h2, ends)
  for step = 0, REACH - 1 do
    local at = band(h1 + step, ROWS - 1)
    local row = rows[at]
    if row.tag1 == h1 and row.tag2 == h2 and row.ends == ends then return at end
  end
  return nil
end

local function total(row)
  local sum = 0
  for cell = 0, CELLS - 1 do sum = sum + row.cells[cell] end
  return sum
end

-- The row of a window, made when there is none; under the lock.
local function claim(rows, h1, h2, ends, now)
  local found, least
  for step = 0, REACH - 1 do
    local at = band(h1 + step, ROWS - 1)
    local row = rows[at]
    if row.tag1 == h1 and row.tag2 == h2 then
      if row.ends == ends then return at end
      found = at
      break
    end
    local weight = row.ends <= now and -1 or total(row)
    if not least or weight < least then found, least = at, weight end
  end
  local row = rows[found]
  row.ends = 0 -- a reader without the lock finds the row whole or not at all
  ffi.fill(row.cells, CELLS * 4)
  row.tag1, row.tag2 = h1, h2
  row.ends = ends
  return found
end

local function seen(pairs, h1, h2, ends)
  for step = 0, REACH - 1 do
    local pair = pairs[band(h1 + step, PAIRS - 1)]
    if pair.tag == h2 and pair.ends == ends then return true end
  end
  return false
end

local function put(pairs, h1, h2, ends, now)
  local found, first = nil, nil
  for step = 0, REACH - 1 do
    local at = band(h1 + step, PAIRS - 1)
    local until_then = pairs[at].ends
    if until_then <= now then
      found = at
      break
    end
    if not first or until_then < first then found, first = at, until_then end
  end
  local pair = pairs[found]
  pair.ends = 0
  pair.tag = h2
  pair.ends = ends
end

-- ---------------------------------------------------------------- limits

-- Hashes the owners that the caller has not seen in this window into `places` and `tags`, their
-- texts into `fresh`; returns how many there are.
local function unseen(self, owners, c1, c2, ends)
  local count = #owners
  if count > self.room then
    self.room = 2 * count
    self.places, self.tags = Words(self.room), Words(self.room)
  end
  local key0, key1, n = bxor(self.key0, c1), bxor(self.key1, c2), 0
  for i = 1, count do
    local h1, h2 = fast(owners[i], key0, key1)
    if not seen(self.pairs, h1, h2, ends) then
      self.places[n], self.tags[n] = h1, h2
      n = n + 1
      self.fresh[n] = owners[i]
    end
  end
  return n
end

-- Under the lock: counts the first `n` of `places` unless they are too many together.
local function record(self, c1, c2, n, most, ends, now)
  local places, tags, pairs, still = self.places, self.tags, self.pairs, 0
  for i = 0, n - 1 do
    if not seen(pairs, places[i], tags[i], ends) then still = still + 1 end
  end
  local row = self.rows[claim(self.rows, c1, c2, ends, now)]
  if total(row) + still > most then return false end
  for i = 0, n - 1 do
    if not seen(pairs, places[i], tags[i], ends) then put(pairs, places[i], tags[i], ends, now) end
  end
  row.cells[self.cell] = row.cells[self.cell] + still
  return true
end

-- Whether a caller may look at all of `owners` (different ids, the caller's own not among them):
-- those already seen in this window and, with them, at most `most`. Else false and the seconds until
-- the window ends, and none of them counts as seen. `now` is in Unix seconds: windows are the same
-- for every worker and node.
function Shared:distinct_all(limit, caller, owners, most, per, now)
  local ends = window(now, per)
  local c1, c2 = fast(caller, bxor(self.key0, self.limit0[limit]), bxor(self.key1, self.limit1[limit]))
  local n = unseen(self, owners, c1, c2, ends)
  if n == 0 then return true end
  local at = find(self.rows, c1, c2, ends)
  if (at and total(self.rows[at]) or 0) + n > most then return false, wait(ends, now) end
  local fleet = self.fleet
  if fleet and fleet:take(self.names[limit], caller, self.fresh, n, most, ends, now) == false then
    return false, wait(ends, now)
  end
  lock(self.fd)
  local allowed = record(self, c1, c2, n, most, ends, now)
  C.flock(self.fd, UNLOCK)
  if allowed then return true end
  return false, wait(ends, now)
end

-- The same for one owner.
function Shared:distinct(limit, caller, owner, most, per, now)
  self.one[1] = owner
  return self:distinct_all(limit, caller, self.one, most, per, now)
end

-- Whether a caller (or an address) may come once more in this window. What the fleet refused once is
-- refused here until the window ends, so that who knocks on asks Redis no more.
function Shared:rate(limit, key, most, per, now)
  local ends = window(now, per)
  local h1, h2 = fast(key, bxor(self.key0, self.limit0[limit]), bxor(self.key1, self.limit1[limit]))
  local at = find(self.rows, h1, h2, ends)
  if not at then
    lock(self.fd)
    at = claim(self.rows, h1, h2, ends, now)
    C.flock(self.fd, UNLOCK)
  end
  local calls, refused, fleet = total(self.rows[at]), false, self.fleet
  if calls >= most then return false, wait(ends, now) end
  if fleet then
    refused = fleet:call(self.names[limit], key, most, ends, now) == false
    at = find(self.rows, h1, h2, ends) -- another worker may have given the row away meanwhile
  end
  if at then
    local cells = self.rows[at].cells
    cells[self.cell] = cells[self.cell] + (refused and most - calls or 1)
  end
  if refused then return false, wait(ends, now) end
  return true
end

-- ---------------------------------------------------------------- what is not decided yet

local TAKEN, GOOD = "\0taken", "\0good"

local function hashed(self, limit, key)
  return fast(key, bxor(self.key0, self.limit0[limit]), bxor(self.key1, self.limit1[limit]))
end

-- The row of the places that are taken of a key until `ends`. Two rows take turns, as one window has to be known
-- beside the next one.
local function taken_in(self, limit, key, ends, lasts)
  local h1, h2 = hashed(self, limit, key .. TAKEN .. (ends / lasts) % 2)
  return find(self.rows, h1, h2, ends), h1, h2
end

-- Takes one of the places of `key` in this window, for what `rate` may count when it is decided: those that
-- it has counted and those that are taken are at most `most`. It is free by itself after `lasts` whole seconds,
-- at most twice as many. Returns what to give back, or nil and the seconds to wait.
function Shared:reserve(limit, key, most, per, lasts, now)
  local rows, ends = self.rows, window(now, per)
  local h1, h2 = hashed(self, limit, key)
  local at = find(rows, h1, h2, ends)
  local counted = at and total(rows[at]) or 0
  if counted >= most then return nil, wait(ends, now) end
  local till = window(now, lasts) + lasts
  local before = taken_in(self, limit, key, till - lasts, lasts)
  at, h1, h2 = taken_in(self, limit, key, till, lasts)
  if not at then
    lock(self.fd)
    at = claim(rows, h1, h2, till, now)
    C.flock(self.fd, UNLOCK)
  end
  if counted + total(rows[at]) + (before and total(rows[before]) or 0) >= most then return nil, 1 end
  local cells = rows[at].cells
  cells[self.cell] = cells[self.cell] + 1
  return till
end

-- Gives such a place back.
function Shared:release(limit, key, till, lasts)
  local at = taken_in(self, limit, key, till, lasts)
  if not at then return end
  local cells = self.rows[at].cells
  if cells[self.cell] > 0 then cells[self.cell] = cells[self.cell] - 1 end
end

-- Remembers a key on this node for `kept` seconds, at most twice as long.
function Shared:remembers(limit, key, kept, now)
  local h1, h2 = hashed(self, limit, key .. GOOD)
  local ends = window(now, kept) + kept
  if seen(self.pairs, h1, h2, ends) then return end
  lock(self.fd)
  put(self.pairs, h1, h2, ends, now)
  C.flock(self.fd, UNLOCK)
end

function Shared:recalls(limit, key, kept, now)
  local h1, h2 = hashed(self, limit, key .. GOOD)
  local ends = window(now, kept)
  return seen(self.pairs, h1, h2, ends) or seen(self.pairs, h1, h2, ends + kept)
end

function Shared:forgets(limit, key, kept, now)
  local h1, h2 = hashed(self, limit, key .. GOOD)
  local ends = window(now, kept)
  for step = 0, REACH - 1 do
    local pair = self.pairs[band(h1 + step, PAIRS - 1)]
    if pair.tag == h2 and (pair.ends == ends or pair.ends == ends + kept) then pair.ends = 0 end
  end
end

return M
