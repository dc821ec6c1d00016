-- Where questions are asked: the API, and who issues keys. Names are resolved when a plan is loaded,
-- as nginx does it with names in its file; connections are kept.

local ffi = require "ffi"

local tcp, min = ngx.socket.tcp, math.min

local M = {}

local CONNECT = 2 -- s

-- Numeric addresses of a name, as the machine resolves it; for the start only, since it waits.
-- The declarations bear names of their own, so that no other module's can disagree.
ffi.cdef [[
  struct oakum_addrinfo {
    int flags, family, socktype, protocol;
    uint32_t length;
    void *address;
    char *name;
    struct oakum_addrinfo *next;
  };
  int oakum_getaddrinfo(const char *, const char *, const struct oakum_addrinfo *,
                        struct oakum_addrinfo **) __asm__("getaddrinfo");
  int oakum_getnameinfo(const void *, uint32_t, char *, uint32_t, char *, uint32_t, int)
                        __asm__("getnameinfo");
  void oakum_freeaddrinfo(struct oakum_addrinfo *) __asm__("freeaddrinfo");
]]
local STREAM, NUMERIC, INET6 = 1, 1, 10

local function resolve(host)
  local hints = ffi.new "struct oakum_addrinfo"
  hints.socktype = STREAM
  local list = ffi.new "struct oakum_addrinfo *[1]"
  if ffi.C.oakum_getaddrinfo(host, nil, hints, list) ~= 0 then
    error("the name `" .. host .. "` has no address", 0)
  end
  local found, text = {}, ffi.new "char[64]"
  local each = list[0]
  while each ~= nil do
    if ffi.C.oakum_getnameinfo(each.address, each.length, text, 64, nil, 0, NUMERIC) == 0 then
      local address = ffi.string(text)
      found[#found + 1] = each.family == INET6 and "[" .. address .. "]" or address
    end
    each = each.next
  end
  ffi.C.oakum_freeaddrinfo(list[0])
  return found
end

-- A place to ask: {host, port, tls (bool), authority (what stands in `host:`)}.
function M.new(at)
  return {
    addresses = resolve(at.host),
    port = at.port,
    -- What is verified and kept is this name's alone.
    tls = at.tls and { pool = "tls:" .. at.host .. ":" .. at.port } or nil,
    name = at.host,
    authority = at.authority,
  }
end

-- A socket, and whether it had been used before; nil and why: "refused", "slow".
function M.connect(place, timeout)
  local sock = tcp()
  sock:settimeouts(min(timeout, CONNECT) * 1000, timeout * 1000, timeout * 1000)
  local why
  for i = 1, #place.addresses do
    local ok
    ok, why = sock:connect(place.addresses[i], place.port, place.tls)
    if ok then
      local reused = sock:getreusedtimes() > 0
      if place.tls and not reused then
        ok, why = sock:sslhandshake(false, place.name, true)
        if not ok then
          sock:close()
          return nil, why == "timeout" and "slow" or "refused"
        end
      end
      return sock, reused
    end
  end
  return nil, why == "timeout" and "slow" or "refused"
end

return M
