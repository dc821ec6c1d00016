-- wrk's script: GET of the URL with the tokens in turn; one line of JSON when done.
-- Arguments after `--`: the bearer tokens.

local requests, last = {}, 0

function init(tokens)
  for at = 1, #tokens do
    requests[at] = wrk.format("GET", nil, { Authorization = "Bearer " .. tokens[at] })
  end
end

function request()
  last = last % #requests + 1
  return requests[last]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"bytes":%d,"microseconds":%d,"errors":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.bytes, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
