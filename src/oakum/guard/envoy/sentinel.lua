-- Stands in front of the policy, so it is the last to see a response, and shares no code with it:
-- what the policy has not written down as done does not go out. A reply of Envoy's own keeps its status;
-- of an answer of the API not even that is believed, and where it would tell that an object is there, it
-- is absent.

-- Of a problem, always the same order: that of a refusal is drawn when Envoy starts, as that of any table of
-- Lua, and would tell it from what stands for a concealed object. That of Envoy's own replies that nobody sees
-- here any more is this one.
local PLACES = {
  ["content-type"] = 1, ["cache-control"] = 2, ["access-control-allow-origin"] = 3,
  ["access-control-allow-credentials"] = 4, ["content-length"] = 6,
}

local function ordered(headers)
  local list = {}
  for name, value in pairs(headers) do
    if name:sub(1, 1) ~= ":" then list[#list + 1] = { name, value, PLACES[name] or 5, #list } end
  end
  table.sort(list, function(a, b)
    if a[3] ~= b[3] then return a[3] < b[3] end
    if a[1] ~= b[1] then return a[1] < b[1] end
    return a[4] < b[4]
  end)
  for i = 1, #list do headers:remove(list[i][1]) end
  for i = 1, #list do headers:add(list[i][1], list[i][2]) end
end

function envoy_on_response(handle)
  local ours = handle:streamInfo():dynamicMetadata():get("oakum")
  local headers = handle:headers()
  if ours and ours.line then
    -- To HEAD Envoy takes away what a refusal of the policy says of its body, and not what a reply of its
    -- own does: one that stands for a concealed object is not to be told from one of no object.
    if not ours.x and not headers:get("content-type") then
      headers:replace(PROBLEM_HEADERS[1][1], PROBLEM_HEADERS[1][2])
      local problem = PROBLEMS[headers:get(":status")]
      if problem then headers:replace("content-length", tostring(#problem)) end
    end
    if headers:get("content-type") == PROBLEM_HEADERS[1][2] then ordered(headers) end
    return
  end
  local status = headers:get(":status")
  if headers:get("proxy-connection") == "via_upstream" or not PROBLEMS[status] then
    status = "502"
  end
  if ours and ours.blind then status = "404" end
  local names = {}
  for name in pairs(headers) do names[#names + 1] = name end
  handle:body(true):setBytes(PROBLEMS[status])
  headers = handle:headers()
  for _, name in ipairs(names) do
    if name:sub(1, 1) ~= ":" then headers:remove(name) end
  end
  headers:replace(":status", status)
  for _, pair in ipairs(PROBLEM_HEADERS) do headers:replace(pair[1], pair[2]) end
  if ours and ours.blind and ours.origin then
    headers:replace("access-control-allow-origin", ours.origin)
    headers:replace("access-control-allow-credentials", "true")
  end
  headers:replace("content-length", tostring(#PROBLEMS[status]))
  if status == "429" or status == "503" then headers:replace("retry-after", RETRY_AFTER) end
  ordered(headers)
end
