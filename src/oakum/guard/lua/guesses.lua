-- Limits guesses of credentials by the address that they come from (CWE-307).
--
-- What is not known takes a place before it is asked about, so that guesses that are sent at once are no
-- more than those one after the other, and gives it back when it was somebody's. What was somebody's lately
-- passes, however many guess beside it. `guesses.py` has the same rule.

local address = require "oakum.address"

local M = {}

-- Credentials that were nobody's, or are being asked about, from one address in so many seconds.
local MOST, WINDOW = 100, 60
-- New sets of several credentials that are one caller's, from one address in a window, of which it may be
-- that only one was looked at. Those beyond count as nobody's.
local OWN = 5
-- Seconds for which a credential is remembered as somebody's, at least; at most twice that.
local KEPT = 3600

-- This limit stands behind those of the plan.
M.LIMIT = { name = "\0guesses", kind = "rate", per = WINDOW }

local Guesses = {}
Guesses.__index = Guesses

-- `place`: of the limit, among those of `shared`; `time`: Unix seconds.
function M.new(shared, place, time)
  return setmetatable({ shared = shared, place = place, time = time }, Guesses)
end

-- Takes a place for the credentials of a request; false where none is needed, as they were somebody's
-- lately. Nil and seconds to wait where none is left.
function Guesses:begin(x, key)
  local now = self.time()
  if self.shared:recalls(self.place, key, KEPT, now) then return false end
  return self.shared:reserve(self.place, address.of(x), MOST, WINDOW, now)
end

local function count(self, block, now)
  self.shared:rate(self.place, block, MOST, WINDOW, now)
end

-- Counts whose they were, and gives the place back. `nobodys`: they were nobody's; `name`: whose, nil where
-- that is not known; `several`: more than one of them may name a caller.
function Guesses:finish(x, key, place, nobodys, name, several)
  local shared, block, now = self.shared, address.of(x), self.time()
  if nobodys then
    count(self, block, now)
    shared:forgets(self.place, key, KEPT, now)
  elseif name then
    if place and several and not shared:rate(self.place, block .. "\0" .. name, OWN, WINDOW, now) then
      count(self, block, now)
    end
    shared:remembers(self.place, key, KEPT, now)
  end
  if place then shared:release(self.place, block, place) end
end

return M
