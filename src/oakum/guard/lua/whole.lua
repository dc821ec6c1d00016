-- Whether a response lists all the ids there are: the Lua of `authz/complete_lists.py` and `guard/lookup_completeness.py`.
--
-- A list is complete only if there is evidence, and not because nothing contradicts it. A member that is
-- not understood may mean that more pages follow, or that the list could not be read.

local json = require "oakum.json"
local spelling = require "oakum.id_spelling"
local trim = require "oakum.trim"

local find, gsub, lower = string.find, string.gsub, string.lower

local M = {}

local function set(text)
  local made = {}
  for word in text:gmatch "%S+" do made[word] = true end
  return made
end

local function words(text)
  local made = {}
  for word in text:gmatch "%S+" do made[#made + 1] = word end
  return made
end

local USUAL = set "10 12 15 16 20 24 25 30 32 40 50 60 64 75 100 125 128 150 200 250 256 500 512"
local ON = words "next more cursor continu truncat partial incomplete scroll remain"
local ENDED = words "nomore nonext norest nofurther nottruncated untruncated notpartial"
local FAILED = words "error warn fail exception fault problem retry timedout timeout degraded fallback unavailable prev stale cached throttl maintenance"
local NAMES = {
  cursor = set "after marker older lastkey lastevaluatedkey bookmark resume resumptiontoken resumetoken skiptoken pagetoken locator querylocator iterator",
  left = set "newer omitted skipped rest left range terminatedearly limitreached limited capped dropped notshown hiddencount cutoff overflow",
  done = set "exhaustive complete iscomplete done isdone finished isfinished islast islastpage final exhausted eof last atend isend endoflist endofresults allloaded exhaustivenbhits",
  pages = set "pages totalpages pagecount numpages numberofpages lastpage nbpages",
  first = set "page currentpage pagenumber pageindex pageno number offset skip start startindex startat from",
  size = set "limit perpage pagesize size itemsperpage pagelimit maxresults max take batchsize hitsperpage maxpagesize",
  count = set "count numfound found hits length resultcount resultscount itemcount itemscount rowcount rowscount numresults nbhits nbresults numhits recordcount recordscount numberofelements odatacount",
  words = set "message messages msg detail details reason notice title description",
  well = set "success successful ok",
  status = set "status code statuscode result state",
  kind = set "object type kind resourcetype",
  ["until"] = set "end endcursor to",
  finish = set "lastpageurl lastpageuri",
  about = set "self first href url uri link path timestamp time date requestid traceid correlationid id version apiversion took duration servertime generatedat etag lastmodified updatedat startcursor firstpageurl firstpageuri",
}
local KIND = {}
for kind, names in pairs(NAMES) do
  for name in pairs(names) do KIND[name] = kind end
end
-- Names of objects around a list, beside those above, of which each member is understood alone.
local OPENS = set "meta metadata links pagination paging pageinfo paginginfo pager info cursors response data payload envelope summary extensions headers"
local WELL, LISTS = set "ok success successful 200 0", set "list collection array page searchset bundle"

-- Headers that a standard, or common use, gives another meaning than a list's, and how others of them begin.
local SILENT_HEADERS = set [[
  accept-ch accept-patch accept-post accept-ranges age allow alt-svc alt-used baggage cache-control
  cdn-cache-control clear-site-data connection content-digest content-disposition content-encoding
  content-language content-length content-md5 content-security-policy content-security-policy-report-only
  content-type date deprecation etag expect-ct expires feature-policy keep-alive last-modified nel
  origin-agent-cluster origin-trial p3p permissions-policy pragma proxy-authenticate proxy-connection
  referrer-policy report-to reporting-endpoints repr-digest server server-timing set-cookie
  strict-transport-security sunset surrogate-control surrogate-key te timing-allow-origin traceparent
  traceresponse tracestate trailer transfer-encoding upgrade vary via www-authenticate x-content-type-options
  x-dns-prefetch-control x-download-options x-frame-options x-permitted-cross-domain-policies x-powered-by
  x-robots-tag x-timer x-ua-compatible x-varnish x-xss-protection
]]
local SILENT_STARTS = words "access-control- cross-origin- sec-"
-- Last words of other headers whose values are no number of entries.
local SILENT_ENDS = set [[
  time times timing timings timestamp latency duration runtime elapsed ms seconds perf date epoch id ids uid
  uuid guid key hash checksum digest nonce signature tag tags version revision build release commit host
  hostname node server instance pod shard zone region datacenter port pid worker thread user account tenant
  session client app ttl expires expiry reset cost credits used budget cpu memory bytes queries level priority
  control sampled by
]]
-- Words of headers that count calls, or what a cache did.
local COUNTED_CALLS = set "rate ratelimit quota cache caches b3"
-- Names that say the same as the end of a header's name.
local NO_TAILS = set "after older newer rest left range last done final limit max size take"
local TAILS = {}
for _, kind in ipairs { "cursor", "left", "done", "size" } do
  for name in pairs(NAMES[kind]) do TAILS[name] = not NO_TAILS[name] or nil end
end

local function has(text, list)
  for i = 1, #list do
    if find(text, list[i], 1, true) then return true end
  end
  return false
end

-- The number that a value is, and whether it is written as an integer; nil: it is none.
local function number(value)
  if getmetatable(value) ~= json.number then return nil end
  return tonumber(value.text), value.int
end

local function integer(value)
  local n, int = number(value)
  return int and n or nil
end

local function text_of(value)
  if type(value) == "string" then return lower(trim.spaces(value)) end
  local n, int = number(value)
  if int then return ("%.0f"):format(n) end
  return ""
end

local function hollow(value)
  if json.is_array(value) then return value.n == 0 end
  return json.is_object(value) and next(value) == nil
end

local function counted(value, found, good)
  return integer(value) == found and good or "on"
end

-- What the pairs of a query, or of a header, say: `on`: a later page; `unknown`: one of so many, and so
-- many came; `end`: the first.
local SIZES, STARTS = set "count top rows first last", set "p"
for name in pairs(NAMES.size) do SIZES[name] = true end
for name in pairs(NAMES.first) do STARTS[name] = true end
local TOKENS = set "before pagetoken skiptoken"
local EMPTY = { [""] = true, ["false"] = true, ["0"] = true, null = true, none = true }

local function plain_of(name) return (gsub(lower(name), "[^a-z0-9]", "")) end
local function decoded(text)
  text = gsub(gsub(text, "+", " "), "%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
  return trim.spaces(text)
end
local function goes_on(name) return KIND[name] == "cursor" or KIND[name] == "left" or TOKENS[name] end

local function query_says(query, found)
  local said = "silent"
  for pair in query:gmatch "[^&;,%s]+" do
    local name, text = pair:match "^([^=]*)=?(.*)$"
    local plain = plain_of((gsub(decoded(name), "^.*%.", "")))
    text = decoded(text)
    local inner = plain:match "^page(.+)$" or plain
    local n = text:find "^%d+$" and #text < 10 and tonumber(text) or nil
    if text == "" then
      -- Names nothing.
    elseif STARTS[plain] or STARTS[inner] then
      if n ~= 0 and n ~= 1 then return "on" end
      if said == "silent" then said = "end" end
    elseif SIZES[plain] or SIZES[inner] then
      if not (n and n > found) then said = "unknown" end
    elseif goes_on(plain) or goes_on(inner) or has(plain, ON) then
      if not EMPTY[lower(text)] then return "on" end
    end
  end
  return said
end

-- What an address of this page, or of the first, says in its query.
local function address(url, found)
  return query_says((url:match "%?(.*)$" or ""):match "^[^#]*", found)
end

-- What one link to another page, or to this one, says; of the last one, unless it is the first, it
-- must be plain that it is this one.
local function linked(rel, url, found, first)
  if find(rel, "next", 1, true) or find(rel, "prev", 1, true) then return "on" end
  local said = address(url, found)
  if rel ~= "self" and rel ~= "first" and rel ~= "last" then
    local goes = KIND[rel] == "cursor" or KIND[rel] == "left" or has(rel, ON)
    return (goes or said == "on") and "on" or "silent"
  end
  if rel == "last" and said == "silent" and not first[url] then return "unknown" end
  return said == "end" and "silent" or said
end

-- Whether the document declares a member, and a value of this type; none at all, and an empty list or
-- object for the other, say nothing that it does not.
local function fits(look, name, value)
  local kinds = look.declared[name]
  if not kinds then return false end
  if not next(kinds) or value == json.null then return true end
  if hollow(value) and (kinds.array or kinds.object) then return true end
  local kind = json.is_array(value) and "array" or json.is_object(value) and "object"
    or number(value) and "number" or type(value)
  return kinds[kind] or false
end

local TOLD = {}
function TOLD.cursor(value, _, empty)
  if value == json.null or value == "" or hollow(value) then return "end" end
  return empty and "silent" or "on"
end
function TOLD.left(_, _, empty) return empty and "silent" or "on" end
function TOLD.done(value) return value == true and "end" or "on" end
function TOLD.pages(value)
  local n = integer(value)
  return n and n <= 1 and "end" or "on"
end
function TOLD.first(value)
  local n = integer(value)
  return (value == json.null or n == 0 or n == 1) and "silent" or "on"
end
function TOLD.size(value, found)
  local n = integer(value)
  if n and n > found then return "short" end
  return n and n == found and n > 0 and "open" or "on"
end
-- The last of a page: where it stands, or whether it is the last of all.
TOLD["until"] = function(value, found)
  local n = integer(value)
  if value == json.null then return "silent" end
  if value == true then return "end" end
  if value == false or (n and n > found) then return "on" end
  return (value == "" or number(value) == found) and "silent" or "open"
end
function TOLD.finish(value, found)
  return type(value) == "string" and linked("last", value, found, {}) or "silent"
end
function TOLD.count(value, found) return counted(value, found, "silent") end
function TOLD.words(value, _, empty)
  local well = value == true or number(value) == 200 or WELL[text_of(value)]
  return (well or value == json.null or empty or integer(value) == 0) and "silent" or "on"
end
function TOLD.status(value)
  local well = value == true or number(value) == 200 or WELL[text_of(value)]
  return (well or value == json.null or integer(value) == 0) and "silent" or "on"
end
function TOLD.well(value)
  local text = text_of(value)
  local well = value == json.null or value == true or text == "1" or (WELL[text] and text ~= "0")
  return well and "silent" or "on"
end
function TOLD.kind(value)
  local said = type(value) == "string" and LISTS[lower(value)]
  return (value == json.null or said) and "silent" or "unknown"
end
function TOLD.about(value, found)
  if type(value) == "string" then
    local said = address(value, found)
    return said == "end" and "silent" or said
  end
  return json.is_array(value) and "unknown" or "silent"
end

-- What a member around a list of `found` ids says of it: `on`, `end`, `silent`, or `unknown`.
local function member(name, value, found, declared)
  local plain = gsub(lower(name), "[^a-z0-9]", "")
  local kind = KIND[plain]
  if plain == "last" and type(value) == "string" and value ~= "" then kind = "finish" end
  if json.is_object(value) and next(value) ~= nil and kind ~= "words" and kind ~= "status"
    and kind ~= "well" then
    return (has(plain, FAILED) or has(plain, ON)) and "on" or "unknown"
  end
  local empty = value == json.null or value == false or value == "" or value == "0"
    or number(value) == 0 or hollow(value)
  if not kind and has(plain, ENDED) then kind = "done" end
  if plain == "first" and integer(value) == found then return "open" end -- it may be the size of a page
  if kind then return TOLD[kind](value, found, empty) end
  if has(plain, ON) then return empty and "end" or "on" end
  if has(plain, FAILED) then return empty and "silent" or "on" end
  if find(plain, "total", 1, true) then return counted(value, found, "end") end
  -- A name that nobody explains may say anything, and an empty value of it too, unless it is declared; and
  -- `false` may deny that the list ends.
  if not declared or (json.is_object(value) and next(value) ~= nil) then return "unknown" end
  return (value == json.null or value == "" or hollow(value)) and "silent" or "open"
end

-- ---------------------------------------------------------------- one walk

local function same_path(path, n, wanted)
  if n ~= #wanted then return false end
  for i = 1, n do
    if path[i] ~= wanted[i] then return false end
  end
  return true
end

-- Whether a name explains an object, so that what is in it may say the rest.
local function opens(look, name, value)
  local plain = gsub(lower(name), "[^a-z0-9]", "")
  if KIND[plain] == "left" or KIND[plain] == "cursor" then return false end
  if look.declared[name] then return fits(look, name, value) end
  return OPENS[plain] or KIND[plain]
end

-- What an element of a list says that is a link, as `{rel, href}` or `{relation, url}`, or the `{label, url}`
-- of a page; nil: it is none.
local function listed(value, found)
  if not json.is_object(value) then return nil end
  local rel, url = value.rel, value.href
  if rel == nil then rel = value.relation end
  if url == nil then url = value.url end
  local well = url == nil or url == json.null or type(url) == "string"
  local some = type(url) == "string" and url ~= ""
  if type(rel) == "string" and well then
    return some and linked(lower(rel), url, found, {}) or "silent"
  end
  if value.url == nil or value.label == nil or not well then return nil end
  return some and address(url, found) == "on" and "on" or "silent"
end

-- What a search says of its hits: how many there are and how exactly, and of its shards.
local function of_hits(name, value, found)
  if not json.is_object(value) then return nil end
  local plain = plain_of(name)
  if plain == "shards" and integer(value.total) then
    local well = number(value.failed) == 0 and number(value.successful) == number(value.total)
    return well and "silent" or "on"
  end
  if find(plain, "total", 1, true) and integer(value.value) then
    return (value.relation == nil or value.relation == "eq") and counted(value.value, found, "end") or "on"
  end
  return nil
end

local SOME = words "stale degraded partial incomplete truncated throttled"

local function differ(some, all)
  return #some < 10 and #all < 10 and tonumber(some) ~= tonumber(all)
end

-- Whether a text in lower case says `stale` or `3 of 4`, or is `1/2`, whatever its name.
local function is_part(text)
  for i = 1, #SOME do
    if find(text, "%f[%l]" .. SOME[i] .. "%f[%L]") then return true end
  end
  local some, all = text:match "^(%d+) ?/ ?(%d+)$"
  if some and differ(some, all) then return true end
  local from = 1
  while from do
    local at
    at, _, some, all = find(text, "%f[%d](%d+) ?of ?(%d+)", from)
    if at and differ(some, all) then return true end
    from = at and at + #some
  end
  return false
end

-- Whether a text is the query of a request.
local function is_query(text)
  if text == "" then return false end
  for pair in (text .. "&"):gmatch "([^&]*)&" do
    if not find(pair, "^[^%s=]+=[^%s=]*$") then return false end
  end
  return true
end

-- Whether a member of a harmless name repeats what was asked for, a page of a size that was reached, or says
-- how much of the list it is.
local function speaks_of_pages(name, value, found)
  if type(value) ~= "string" then return KIND[plain_of(name)] == "size" end
  local said = is_query(trim.spaces(value)) and query_says(value, found)
  return is_part(lower(value)) or said == "on" or said == "unknown"
end

-- What a member beside the list says, and those inside of it. `quiet`: what nobody explains says nothing.
local function around(look, path, n, name, value, depth, quiet)
  path[n + 1] = name
  for i = 1, #look.counts do
    if same_path(path, n + 1, look.counts[i]) then
      path[n + 1] = nil
      return
    end
  end
  local declared = fits(look, name, value)
  quiet = quiet or look.harmless[name]
  local said = of_hits(name, value, look.found) or member(name, value, look.found, declared)
  local links = json.is_array(value) and value.n > 0
  for i = 1, links and value.n or 0 do
    local told = listed(value[i], look.found)
    if told then look[told] = true else links = false end
  end
  if links and (said == "open" or said == "unknown") then
    local plain = plain_of(name)
    said = (declared or plain == "link" or plain == "links") and "silent" or "unknown"
  end
  if said == "unknown" and json.is_object(value) and depth < 8 and opens(look, name, value) then
    for key, each in pairs(value) do around(look, path, n + 1, key, each, depth + 1, quiet) end
  else
    if said == "open" and quiet and not speaks_of_pages(name, value, look.found) then said = "silent" end
    look[said] = true
  end
  path[n + 1] = nil
end

-- Whether several ids stand in the place of one.
local function several(id)
  return find(id, "^[%s%d,;|]+$") and find(id, "^%s*%d") and find(id, "%d%s*$") and find(id, "%d[^%d]+%d")
end

local function walk(look, value, at, path)
  local pointer = look.pointer
  local segment = pointer[at]
  if not segment then
    look.found = look.found + 1
    local id = spelling.id(value)
    if not id or several(id) then look.sound = false end
  elseif segment == "*" then
    local inside = {}
    if json.is_array(value) then
      for i = 1, value.n do inside[i] = value[i] end
    elseif json.is_object(value) and look.maps[at] then
      for _, each in pairs(value) do inside[#inside + 1] = each end
    else
      look.sound = false
      return
    end
    path[at] = "*"
    for i = 1, #inside do walk(look, inside[i], at + 1, path) end
    path[at] = nil
  elseif not json.is_object(value) or value[segment] == nil then
    look.sound = false
  else
    if at < look.star then
      local above = {}
      for i = 1, at - 1 do above[i] = path[i] end
      for name, each in pairs(value) do
        if name ~= segment then look.beside[#look.beside + 1] = { above, name, each } end
      end
    end
    path[at] = segment
    walk(look, value[segment], at + 1, path)
    path[at] = nil
  end
end

-- What a header about pages says: the first of one, or a page that is not full, says nothing.
local function paging(name, text, found)
  local n = text:find "^%d+$" and #text < 10 and tonumber(text) or nil
  if has(name, { "size", "limit", "per" }) then return not (n and n > found) end
  return not (n and n <= 1 or EMPTY[text] or text == "{}" or text == "[]")
end

-- Headers that say of a list what members around it do, without `x-` and but for letters.
local MARKS = {
  well = set "complete iscomplete done finished last islast lastpage islastpage final eof",
  status = set "status statuscode code result success ok state",
  first = set "offset skip start startindex from",
  left = set "after marker older omitted skipped left lastkey lastevaluatedkey",
  count = set "records recordcount items results hits length found numfound",
  size = set "limit perpage pagelimit itemsperpage maxresults take batchsize",
}

-- What a header speaks of: one of these, a failure or a range; nil: of none.
local function mark_of(name)
  local private = name:sub(1, 2) == "x-"
  local plain = gsub(private and name:sub(3) or name, "[^a-z0-9]", "")
  if private or plain == "status" or plain == "limit" or plain == "offset" then
    for mark, names in pairs(MARKS) do
      if names[plain] then return mark end
    end
  end
  if plain:sub(-5) == "range" then return "range" end
  local counted = find(name, "rate", 1, true) or find(name, "limit", 1, true)
  if not counted and (plain:sub(-6) == "status" or plain:sub(-10) == "statuscode") then return "upstream" end
  if find(plain, "circuit", 1, true) then return "circuit" end
  return not counted and has(name, FAILED) and "failed" or nil
end

local FINE = {
  well = set "true 1 yes", status = set "true 1 ok success successful 200",
}

local BAD = words "err warn fail exception fault unavail time degrad partial stale updating down"

-- Whether each status that a server behind the API gave is well.
local function well_behind(text)
  for each in text:gmatch "%d+" do
    if #each <= 3 and tonumber(each) ~= 0 and not each:find "^2%d%d$" then return false end
  end
  return not has(text, BAD)
end

local function fine(mark, text, found)
  local n = text:find "^%d+$" and #text < 10 and tonumber(text) or nil
  if mark == "well" then return text == "" or FINE.well[text] end
  if mark == "status" then return text == "" or FINE.status[text] or text:sub(1, 4) == "200 " end
  if mark == "upstream" then return well_behind(text) end
  if mark == "circuit" then return EMPTY[text] or text == "closed" end
  if mark == "size" then return text == "" or n and n > found end
  if mark == "first" then return EMPTY[text] or n == 1 end
  if mark == "count" then return text == "" or n == found end
  if mark == "pages" then return text == "" or n and n <= 1 end
  if mark == "until" then return text == "" or text == "true" or n == found end
  if mark == "range" then
    local total = text:match "/(%d+)%s*$"
    return text == "" or total and #total < 10 and tonumber(total) == found
  end
  return EMPTY[text]
end

-- What a `Link` says (RFC 8288) beside `next`.
local function links_say(look, text)
  local links, first = {}, {}
  for url, told in text:gmatch "<([^<>]*)>([^<]*)" do
    for rels in lower(told):gmatch "rel%s*=%s*[\"']?([^\"';,]*)" do
      for rel in rels:gmatch "%S+" do
        links[#links + 1] = { rel, url }
        if rel == "first" then first[url] = true end
      end
    end
  end
  for i = 1, #links do look[linked(links[i][1], links[i][2], look.found, first)] = true end
end

local TOTALS = { "total", "count" }

-- The words of a header's name, without `x`.
local function segments(name)
  local parts = {}
  for each in name:gmatch "[^-_.]+" do
    if each ~= "x" then parts[#parts + 1] = each end
  end
  return parts
end

local function counts_calls(parts)
  for i = 1, #parts do
    if COUNTED_CALLS[parts[i]] then return true end
  end
  return false
end

local MARK_OF_KIND = {
  cursor = "left", left = "left", done = "well", size = "size", count = "count", first = "first",
  pages = "pages", ["until"] = "until",
}

-- The mark of a header whose name, or the end of it, is that of a member that speaks of a list.
local function mark_by_member_name(parts)
  if counts_calls(parts) then return nil end
  for at = 1, #parts do
    local plain = plain_of(table.concat(parts, "", at))
    local mark = (at == 1 or TAILS[plain]) and MARK_OF_KIND[KIND[plain] or ""]
    if mark then return mark end
  end
  return nil
end

-- What a header of an unknown name says: `open` beside a larger number, a size of a page that was reached, or
-- `false`, which may deny that the list ends.
local function unknown_says(look, parts, said)
  local silent, query = SILENT_ENDS[parts[#parts] or ""], said:match "%?(.*)$"
  if query or not (#parts > 0 and silent) then
    local asked = query_says(query or said, look.found)
    if asked == "on" then look.on = true elseif asked == "unknown" then look.open = true end
  end
  if #parts == 0 or silent or counts_calls(parts) then return end
  local text = lower(trim.spaces(said))
  local n = text:find "^%d+$" and #text < 10 and tonumber(text) or 0
  if n > look.found or text == "false" or text == "no" then look.open = true end
end

local function one_header_says(look, name, said)
  local text = lower(trim.spaces(said))
  if name == "content-range" then
    local total = text:match "/(%d+)%s*$"
    look[total and #total < 10 and tonumber(total) == look.found and "end" or "on"] = true
    return
  elseif name == "warning" or name == "retry-after"
    or (name == "link" and find(text, "next", 1, true)) then
    look.on = true
    return
  elseif name == "link" then
    links_say(look, said)
    return
  end
  local mark = mark_of(name)
  if not mark and find("-" .. name, "[-_]pag") and not has(name, ON) and not has(name, TOTALS) then
    if paging(name, text, look.found) then look.on = true end
    return
  end
  local parts = segments(name)
  mark = mark or mark_by_member_name(parts)
  if mark then
    if not fine(mark, text, look.found) then look.on = true end
  elseif find(name, "rate", 1, true) or find(name, "limit", 1, true) then
    -- Says nothing of the list.
  elseif is_part(text) then
    look.on = true
  elseif has(name, ON) then
    if not EMPTY[text] then look.on = true end
  elseif (find(name, "total", 1, true) or find(name, "count", 1, true)) and text:find "^%d+$" then
    local most = find(name, "page", 1, true) and 1 or look.found
    if tonumber(text) > most then look.on = true end
  else
    unknown_says(look, parts, said)
  end
end

local function headers_say(look, named)
  for name, said in pairs(named) do
    local silent = SILENT_HEADERS[name]
    for i = 1, #SILENT_STARTS do
      silent = silent or name:sub(1, #SILENT_STARTS[i]) == SILENT_STARTS[i]
    end
    if not silent then one_header_says(look, name, said) end
  end
end

local function counts_say(look, value)
  for i = 1, #look.counts do
    local at = value
    for j = 1, #look.counts[i] do
      at = json.is_object(at) and at[look.counts[i][j]] or nil
    end
    look[integer(at) == look.found and "end" or "on"] = true
  end
end

-- A place at which a relation's ids stand, of the plan; `ask` says how its operation pages.
function M.place(relation, ask)
  local made = {
    pointer = relation.pointer, maps = {}, declared = {}, counts = ask.counts, page = ask.page, star = 0,
    harmless = {},
  }
  for i = 1, #relation.maps do made.maps[relation.maps[i] + 1] = true end
  for i = 1, relation.harmless.n do made.harmless[relation.harmless[i]] = true end
  for name, kinds in pairs(relation.declared) do
    made.declared[name] = {}
    for i = 1, #kinds do made.declared[name][kinds[i]] = true end
  end
  for i = 1, #relation.pointer do
    if relation.pointer[i] == "*" then made.star = i end
  end
  return made
end

-- Whether a media type, in lower case, is one of errors (`application/problem+json`, RFC 9457).
function M.problem(media) return has(media, { "error", "problem", "exception", "failure" }) end

-- Members by which an answer that is no list says of itself that it failed, or is an old one.
local FAILURES = set "error errors exception failure failed fault problem degraded unavailable stale timedout"
local STATUS = set "status code statuscode"
local OWN = set "status upstream circuit failed"

-- Whether an answer says of itself that it failed or is an old one: in its headers, or by a member in or
-- around the object at a pointer.
function M.failed(answer, value, pointer)
  for name, said in pairs(answer.headers) do
    local mark = mark_of(name)
    if OWN[mark or ""] and not fine(mark, lower(trim.spaces(said)), 1) then return true end
  end
  for i = 1, #pointer + 1 do
    if not json.is_object(value) then return false end
    local step = pointer[i]
    for name, each in pairs(value) do
      local plain = plain_of(name)
      local sign = FAILURES[plain] or NAMES.well[plain] or step and STATUS[plain]
      if sign and name ~= step and member(name, each, 1, false) == "on" then return true end
    end
    value = step and value[step]
  end
  return false
end

-- Whether the ids at a place of an answer (`headers` by name) are certainly all there are.
function M.is(place, answer, value)
  local look = {
    pointer = place.pointer, maps = place.maps, declared = place.declared, counts = place.counts,
    harmless = place.harmless, star = place.star, found = 0, sound = true, beside = {},
  }
  walk(look, value, 1, {})
  if not look.sound then return false end
  local media = lower(trim.spaces((answer.headers["content-type"] or ""):match "^[^;]*"))
  if media ~= "application/json" and media:sub(-5) ~= "+json" then return false end
  if M.problem(media) then return false end
  counts_say(look, value)
  headers_say(look, answer.headers)
  for i = 1, #look.beside do
    local each = look.beside[i]
    local path = {}
    for j = 1, #each[1] do path[j] = each[1][j] end
    around(look, path, #path, each[2], each[3], 0, false)
  end
  if look.on or look.unknown or (look.open and not look["end"]) then return false end
  local found = look.found
  if place.page > 0 then return found < place.page end
  local usual = USUAL[tostring(found)] or (found > 0 and found % 100 == 0)
  return look["end"] or look.short or (place.page == 0 and not usual) or false
end

-- Whether a cache calls an answer one that it had too long: `STALE`, `TCP_STALE_HIT`, `UPDATING`,
-- `TCP_REFRESH_FAIL_OLD`; not `fwd=stale`, for which it has asked anew (RFC 9211).
local NO_WORD = words "control key keys tag tags"
local function told_stale(name, said)
  if not find(name == "server-timing" and said or name, "cache", 1, true) then return false end
  for i = 1, #NO_WORD do
    if name:sub(-#NO_WORD[i]) == NO_WORD[i] then return false end
  end
  said = gsub(said, "fwd=stale", "")
  return find(said, "%f[%l]stale%f[%L]") or find(said, "%f[%l]updating%f[%L]") or find(said, "%f[%l]fail")
    or find(said, "ttl=-", 1, true)
end

-- Headers with the age of an answer in seconds.
local AGES = set "age x-age"
for of in ("cache cached content copy data index replica response snapshot"):gmatch "%S+" do
  AGES[of .. "-age"], AGES["x-" .. of .. "-age"] = true, true
end

-- Whether some cache gave an answer that is older than one may be believed (RFC 9111, 5.1, 5.5).
function M.stale(answer, ttl)
  for name, text in pairs(answer.headers) do
    local age = AGES[name] and trim.spaces(text) or ""
    if age ~= "" and not (age:find "^%d+$" and #age < 10 and tonumber(age) <= ttl) then return true end
    if told_stale(name, lower(text)) then return true end
  end
  return (answer.headers.warning or ""):find "^%s*11[0-3]" ~= nil
end

return M
