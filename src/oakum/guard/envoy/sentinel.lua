-- Stands in front of the policy, so it is the last to see a response, and shares no code with it:
-- what the policy has not written down as done does not go out. A reply of Envoy's own keeps its status;
-- of an answer of the API not even that is believed, and where it would tell that an object is there, it
-- is absent.

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
end
