-- Limits guesses of credentials by the address that they come from (CWE-307).
--
-- What is not known takes a place before it is asked about, so that guesses that are sent at once are no
-- more than those one after the other, and gives it back when it was somebody's. What was somebody's lately
-- passes, however many guess beside it; with yet another `cookie` header beside it, it is braked by itself, and
-- nobody else is. `guesses.py` has the same rule.

local address = require "oakum.address"

local ceil, max = math.ceil, math.max

local M = {}

-- Credentials that were nobody's, or are being asked about, from one address in so many seconds.
local MOST, WINDOW = 100, 60
-- New sets of several credentials that are one caller's, from one address in a window, of which it may be
-- that only one was looked at. Those beyond count as nobody's.
local OWN = 5
-- Seconds for which a credential is remembered as somebody's, at least; at most twice that. The same for a
-- whole `cookie` header beside it.
local KEPT, KEPT_WHOLE = 3600, 60

-- This limit stands behind those of the plan.
M.LIMIT = { name = "\0guesses", kind = "rate", per = WINDOW }

local Guesses = {}
Guesses.__index = Guesses

-- `place`: of the limit, among those of `shared`; `time`: Unix seconds; `timeout`: of a look-up, of which who-am-I
-- takes two at most. A place that nobody gives back, as a client hung up, is free once it is over.
function M.new(shared, place, time, timeout)
  return setmetatable({ shared = shared, place = place, time = time, lasts = max(1, ceil(3 * timeout)) }, Guesses)
end

-- Takes a place for the credentials of a request: what to finish, or nil and seconds to wait where no place is
-- left. `several`: more than one of them may name a caller; `whole`: all of them, where `key` leaves a `cookie`
-- header out.
function Guesses:begin(x, key, several, whole)
  local shared, now, of = self.shared, self.time(), address.of(x)
  local attempt = { key = key, several = several, whole = whole }
  if shared:recalls(self.place, key, KEPT, now) then
    if not whole or shared:recalls(self.place, whole, KEPT_WHOLE, now) then return attempt end
    of = "\0" .. key
  end
  local taken, wait = shared:reserve(self.place, of, MOST, WINDOW, self.lasts, now)
  if not taken then return nil, wait end
  attempt.of, attempt.taken = of, taken
  return attempt
end

local function count(self, of, now)
  self.shared:rate(self.place, of, MOST, WINDOW, now)
end

-- Counts whose they were, and gives the place back. `nobodys`: they were nobody's; `name`: whose, nil where
-- that is not known.
function Guesses:finish(x, attempt, nobodys, name)
  local shared, now, of = self.shared, self.time(), attempt.of
  if nobodys then
    count(self, address.of(x), now)
    shared:forgets(self.place, attempt.key, KEPT, now)
  elseif name then
    if of and attempt.several and not shared:rate(self.place, of .. "\0" .. name, OWN, WINDOW, now) then
      count(self, of, now)
    end
    shared:remembers(self.place, attempt.key, KEPT, now)
    if attempt.whole then shared:remembers(self.place, attempt.whole, KEPT_WHOLE, now) end
  end
  if of then shared:release(self.place, of, attempt.taken, self.lasts) end
end

return M
