-- Stands before the filter that verifies tokens, and tells it which one to verify, in a header that no
-- client can set. It reads by the runtime's own modules; the policy reads once more by the same, and
-- takes a token for verified only when it is this one to the byte. So whatever goes wrong here, nobody
-- is named by a token that was not verified.

local credentials = require "oakum.credentials"
local headers = require "oakum.headers"
local json = require "oakum.json"
local route = require "oakum.route"

local byte, find, sub = string.byte, string.find, string.sub

local places = json.plain(PLACES)
local names, reader = headers.new({ strip = {}, headers = {} }, places), credentials.new(places)
local COLON, NONE, LONGEST = byte ":", {}, 16384

local function token_of(handle)
  local x, list, n, target = {}, {}, 0, ""
  for name, value in pairs(handle:headers()) do
    if byte(name) ~= COLON then
      n = n + 1
      list[n] = { name, value }
    elseif name == ":path" then
      target = value
    end
  end
  names:read(x, list)
  local mark = find(target, "?", 1, true)
  local _, found = route.query(mark and sub(target, mark + 1), NONE, NONE, NONE, reader.queries)
  if not reader:gather(x, found) or not x.credentials then return nil end
  local token = reader:token(x.credentials)
  return token and #token <= LONGEST and token
end

function envoy_on_request(handle)
  local fine, token = pcall(token_of, handle)
  local sent = handle:headers()
  sent:remove(TOKEN)
  if fine and token then sent:add(TOKEN, token) end
end
